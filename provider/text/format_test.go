package text_test

import (
	"testing"
	"time"

	"loge/provider/text"
)

func TestFrenchDates(t *testing.T) {
	tests := []struct {
		at             time.Time
		date, dateTime string
	}{
		// Winter and summer time, and a day that is already the next one in Paris.
		{time.Date(2027, 3, 12, 13, 5, 0, 0, time.UTC), "12 mars 2027", "12 mars 2027 à 14\u00a0h\u00a005"},
		{time.Date(2026, 8, 1, 7, 0, 0, 0, time.UTC), "1er août 2026", "1er août 2026 à 9\u00a0h\u00a000"},
		{time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), "1er janvier 2027", "1er janvier 2027 à 0\u00a0h\u00a030"},
		{time.Date(2026, 2, 28, 12, 59, 59, 0, time.UTC), "28 février 2026", "28 février 2026 à 13\u00a0h\u00a059"},
	}
	for _, tt := range tests {
		if got := text.Date(tt.at); got != tt.date {
			t.Errorf("Date(%v) = %q, want %q", tt.at, got, tt.date)
		}
		if got := text.DateTime(tt.at); got != tt.dateTime {
			t.Errorf("DateTime(%v) = %q, want %q", tt.at, got, tt.dateTime)
		}
	}
}

func TestFrenchDurationsNeverEndTooEarly(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "1\u00a0seconde"},
		{0, "1\u00a0seconde"},
		{1500 * time.Millisecond, "2\u00a0secondes"},
		{59 * time.Second, "59\u00a0secondes"},
		{59*time.Second + 1, "1\u00a0minute"},
		{time.Minute, "1\u00a0minute"},
		{time.Minute + time.Second, "2\u00a0minutes"},
		{32 * time.Minute, "32\u00a0minutes"},
		{59*time.Minute + time.Second, "1\u00a0heure"},
		{time.Hour, "1\u00a0heure"},
		{61 * time.Minute, "2\u00a0heures"},
		{24 * time.Hour, "24\u00a0heures"},
		{48 * time.Hour, "2\u00a0jours"},
		{7 * 24 * time.Hour, "7\u00a0jours"},
		{30*24*time.Hour + time.Minute, "31\u00a0jours"},
	}
	for _, tt := range tests {
		if got := text.Duration(tt.d); got != tt.want {
			t.Errorf("Duration(%v) = %q, want %q", tt.d, got, tt.want)
		}
	}
}
