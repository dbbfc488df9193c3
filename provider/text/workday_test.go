package text

import (
	"testing"
	"time"
)

func TestWorkingDaysCountHolidays(t *testing.T) {
	for _, c := range []struct {
		from string
		days int
		want string
		why  string
	}{
		{"2027-01-05", 2, "2027-01-07", "inside a week"},
		{"2027-01-08", 2, "2027-01-12", "over a weekend"},
		{"2027-01-09", 2, "2027-01-12", "from a Saturday"},
		{"2027-03-25", 2, "2027-03-30", "Easter Monday is 29 March 2027; Good Friday counts"},
		{"2027-05-05", 2, "2027-05-10", "Ascension is 6 May 2027, 8 May a Saturday"},
		{"2027-05-14", 2, "2027-05-19", "Whit Monday is 17 May 2027"},
		{"2026-12-24", 2, "2026-12-29", "Christmas on a Friday"},
		{"2026-12-31", 2, "2027-01-05", "over New Year"},
		{"2026-07-13", 2, "2026-07-16", "14 July"},
		{"2024-04-30", 2, "2024-05-03", "1 May"},
		{"2038-04-23", 2, "2038-04-28", "the latest Easter, 25 April 2038"},
		{"2027-03-12", 0, "2027-03-12", "none"},
	} {
		from, err := Day(c.from)
		if err != nil {
			t.Fatal(err)
		}
		for _, hour := range []time.Duration{0, 9 * time.Hour, 22*time.Hour + 59*time.Minute} {
			if got := AddWorkingDays(from.Add(hour), c.days).Format(time.DateOnly); got != c.want {
				t.Errorf("%s at %v and %d working days: %s, want %s: %s", c.from, hour, c.days, got, c.want, c.why)
			}
		}
	}
}

func TestEaster(t *testing.T) {
	for year, want := range map[int]string{1961: "04-02", 2000: "04-23", 2008: "03-23", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2038: "04-25", 2285: "03-22"} {
		month, day := easter(year)
		if got := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format("01-02"); got != want {
			t.Errorf("Easter %d is %s, want %s", year, got, want)
		}
	}
}
