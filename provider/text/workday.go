package text

import "time"

// AddWorkingDays is the midnight in Paris that begins the n-th working day after
// the day of t. Saturdays, Sundays and the eleven public holidays of the Code du
// travail (art. L3133-1) do not count; those of Alsace-Moselle and overseas do.
func AddWorkingDays(t time.Time, n int) time.Time {
	y, m, d := t.In(paris).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, paris)
	for n > 0 {
		y, m, d := day.Date()
		day = time.Date(y, m, d+1, 0, 0, 0, 0, paris)
		if working(day) {
			n--
		}
	}
	return day
}

func working(day time.Time) bool {
	if weekday := day.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		return false
	}
	y, m, d := day.Date()
	switch [2]int{int(m), d} {
	case [2]int{1, 1}, [2]int{5, 1}, [2]int{5, 8}, [2]int{7, 14}, [2]int{8, 15}, [2]int{11, 1}, [2]int{11, 11}, [2]int{12, 25}:
		return false
	}
	easterMonth, easterDay := easter(y)
	for _, after := range [...]int{1, 39, 50} { // Easter Monday, Ascension, Whit Monday
		if day.Equal(time.Date(y, easterMonth, easterDay+after, 0, 0, 0, 0, paris)) {
			return false
		}
	}
	return true
}

// easter is the Sunday of Easter in the Gregorian calendar (Meeus, Astronomical
// Algorithms, chapter 8).
func easter(year int) (time.Month, int) {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Month(n / 31), n%31 + 1
}

// Day reads a day, « 2027-03-12 », as its beginning in Paris.
func Day(s string) (time.Time, error) { return time.ParseInLocation(time.DateOnly, s, paris) }
