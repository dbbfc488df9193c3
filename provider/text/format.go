package text

import (
	"strconv"
	"time"
	_ "time/tzdata" // the pages show Paris time on machines without a zone database
)

const nbsp = "\u00a0"

// paris is where the readers live; landlords overseas read the same letters,
// so one zone is used everywhere.
var paris = mustLocation("Europe/Paris")

func mustLocation(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic("text: " + err.Error()) // time/tzdata is linked in: cannot happen
	}
	return l
}

var months = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet",
	"août", "septembre", "octobre", "novembre", "décembre"}

// Date is the day in Paris, « 12 mars 2027 ».
func Date(t time.Time) string {
	t = t.In(paris)
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return day + " " + months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// EndOfDay is the midnight in Paris that ends the day of t: what is valid until
// a date is valid before that moment.
func EndOfDay(t time.Time) time.Time {
	y, m, d := t.In(paris).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, paris)
}

// Local is the same moment on the clocks of Paris, for programs that write it
// for operators.
func Local(t time.Time) time.Time { return t.In(paris) }

// Hour is the time of day in Paris, « 14 h 05 ».
func Hour(t time.Time) string {
	t = t.In(paris)
	minute := strconv.Itoa(t.Minute())
	if len(minute) == 1 {
		minute = "0" + minute
	}
	return strconv.Itoa(t.Hour()) + nbsp + "h" + nbsp + minute
}

// DateTime is the moment in Paris, « 12 mars 2027 à 14 h 05 ».
func DateTime(t time.Time) string { return Date(t) + " à " + Hour(t) }

// Duration says how long in one unit, rounded up so that somebody who waits
// that long never comes too early: « 2 minutes », « 1 heure », « 30 jours ».
// Below one minute it counts seconds, below 48 hours minutes or hours, then
// days. Zero and less are « 1 seconde ».
func Duration(d time.Duration) string {
	switch {
	case d <= 59*time.Second:
		return count(max(d, 1), time.Second, "seconde")
	case d <= 59*time.Minute:
		return count(d, time.Minute, "minute")
	case d < 48*time.Hour:
		return count(d, time.Hour, "heure")
	}
	return count(d, 24*time.Hour, "jour")
}

func count(d, unit time.Duration, name string) string {
	n := int64((d + unit - 1) / unit)
	if n > 1 {
		name += "s"
	}
	return strconv.FormatInt(n, 10) + nbsp + name
}
