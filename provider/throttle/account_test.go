package throttle

import (
	"fmt"
	"testing"
	"time"

	"loge/storage"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// try is one try at a moment after start, always with a wrong password.
type try struct {
	at      time.Duration
	allowed bool
	wait    time.Duration // told when refused
	blocked bool
}

func play(t *testing.T, limits Limits, tries []try) storage.Failures {
	t.Helper()
	var f storage.Failures
	for i, try := range tries {
		var d Decision
		f, d = limits.Count(f, start.Add(try.at))
		if d.Allowed != try.allowed || d.Wait != try.wait || d.Blocked24h != try.blocked {
			t.Fatalf("try %d after %v: allowed %v, wait %v, blocked %v; want %v, %v, %v",
				i+1, try.at, d.Allowed, d.Wait, d.Blocked24h, try.allowed, try.wait, try.blocked)
		}
		if !d.Allowed && !d.Until.Equal(start.Add(try.at+try.wait)) {
			t.Fatalf("try %d after %v: until %v, want %v", i+1, try.at, d.Until, start.Add(try.at+try.wait))
		}
	}
	return f
}

func TestWaits(t *testing.T) {
	const m, s = time.Minute, time.Second
	play(t, Limits{}, []try{
		{0, true, 0, false}, {s, true, 0, false}, {2 * s, true, 0, false}, {3 * s, true, 0, false},
		{4 * s, true, 0, false}, // the fifth
		{4 * s, false, 2 * m, false},
		{5 * s, false, 2*m - s, false},
		{2*m + 3*s, false, s, false},
		{2*m + 4*s, true, 0, false}, // sixth
		{2*m + 4*s, false, 4 * m, false},
		{6*m + 3*s, false, s, false},
		{6*m + 4*s, true, 0, false}, // seventh
		{6*m + 5*s, false, 8*m - s, false},
		{14*m + 4*s, true, 0, false}, // eighth
		{14*m + 4*s, false, 16 * m, false},
		{30*m + 4*s, true, 0, false}, // ninth
		{30*m + 4*s, false, 32 * m, false},
		{62*m + 4*s, true, 0, false}, // tenth
		{62*m + 4*s, false, 60 * m, false},
		{122*m + 4*s, true, 0, false}, // eleventh: the cap
		{122*m + 4*s, false, 60 * m, false},
	})
}

// An attacker who tries at the first second allowed, for ten days.
func TestNeverMoreThanTwentyInAnyDay(t *testing.T) {
	for _, perDay := range []int{0, 10, 25} {
		t.Run(fmt.Sprint(perDay), func(t *testing.T) {
			limits := Limits{PerDay: perDay}
			var f storage.Failures
			var allowed []time.Time
			blocked := false
			for now := start; now.Before(start.Add(240 * time.Hour)); {
				var d Decision
				if f, d = limits.Count(f, now); d.Allowed {
					allowed = append(allowed, now)
					continue
				}
				blocked = blocked || d.Blocked24h
				now = d.Until
			}
			for i, first := range allowed {
				n := 0
				for _, at := range allowed[i:] {
					if at.Before(first.Add(24 * time.Hour)) {
						n++
					}
				}
				if n > limits.perDay() {
					t.Fatalf("%d tries in the 24 hours from %v, want %d at most", n, first, limits.perDay())
				}
			}
			if want := 9 * limits.perDay(); len(allowed) < want {
				t.Errorf("%d tries in ten days, want %d or more: the window must free itself", len(allowed), want)
			}
			if len(f.Recent) > limits.perDay() {
				t.Errorf("counter holds %d times, want %d at most", len(f.Recent), limits.perDay())
			}
			if !blocked {
				t.Error("the day's limit was never named as the reason")
			}
		})
	}
}

func TestTwentyFirstWaitsForTheOldest(t *testing.T) {
	f := storage.Failures{Streak: 20, LastAt: storage.At(start.Add(12 * time.Hour))}
	for i := range 20 {
		f.Recent = append(f.Recent, storage.At(start.Add(time.Duration(i)*38*time.Minute)))
	}
	for _, test := range []struct {
		after            time.Duration
		allowed, blocked bool
		until            time.Duration
	}{
		{12*time.Hour + 30*time.Minute, false, true, 24 * time.Hour},
		{24*time.Hour - time.Second, false, true, 24 * time.Hour},
		{24 * time.Hour, true, false, 0},
	} {
		d := Limits{}.Account(f, start.Add(test.after))
		if d.Allowed != test.allowed || d.Blocked24h != test.blocked || !d.Allowed && !d.Until.Equal(start.Add(test.until)) {
			t.Errorf("after %v: %+v, want allowed %v, blocked %v until %v", test.after, d, test.allowed, test.blocked, test.until)
		}
	}
	// A limit that was lowered meanwhile counts at once.
	if d := (Limits{PerDay: 10}).Account(f, start.Add(24*time.Hour)); d.Allowed || !d.Until.Equal(start.Add(24*time.Hour+10*38*time.Minute)) {
		t.Errorf("with a lowered limit: %+v, want blocked until ten of twenty are a day old", d)
	}
}

func TestADayWithoutFailureForgets(t *testing.T) {
	const m = time.Minute
	f := play(t, Limits{}, []try{{0, true, 0, false}, {0, true, 0, false}, {0, true, 0, false}, {0, true, 0, false}, {0, true, 0, false}, {2 * m, true, 0, false}})
	if d := (Limits{}).Account(f, start.Add(2*m+24*time.Hour-time.Second)); d.Failures != 6 {
		t.Errorf("a second before the day is over: %d failures, want 6", d.Failures)
	}
	f, d := Limits{}.Count(f, start.Add(2*m+24*time.Hour))
	if !d.Allowed || f.Streak != 1 || len(f.Recent) != 1 {
		t.Errorf("after a day: %+v, counter %+v; want a first failure", d, f)
	}
}

func TestForgottenIsShownFromTheThird(t *testing.T) {
	var f storage.Failures
	for i := 1; i <= 6; i++ {
		var d Decision
		f, d = Limits{}.Count(f, start)
		if want := i >= 3; d.ShowForgotten != want {
			t.Errorf("failure %d: shown %v, want %v", i, d.ShowForgotten, want)
		}
		if want := min(i, 5); d.Failures != want {
			t.Errorf("try %d: %d failures, want %d: a try during the wait does not count", i, d.Failures, want)
		}
	}
}

func TestClockSetBackDoesNotProlong(t *testing.T) {
	f := play(t, Limits{}, []try{{0, true, 0, false}, {0, true, 0, false}, {0, true, 0, false}, {0, true, 0, false}, {0, true, 0, false}})
	d := Limits{}.Account(f, start.Add(-6*time.Hour))
	if d.Allowed || d.Wait != 2*time.Minute {
		t.Errorf("six hours earlier: %+v, want the two minutes that were due", d)
	}
}

func TestKeys(t *testing.T) {
	keys, other := Keys("0123456789abcdef0123456789abcdef"), Keys("fedcba9876543210fedcba9876543210")
	same := []string{"LOGX7RT9QPM", "logx7rt9qpm", " LOG X7RT9QPM\u00a0", "LOG\u200bX7RT9QPM"}
	for _, typed := range same {
		if keys.Unknown(typed) != keys.Unknown(same[0]) {
			t.Errorf("%q has a counter of its own", typed)
		}
	}
	names := map[string]string{}
	for what, key := range map[string]string{
		"user": keys.User("LOGX7RT9QPM"), "identifier": keys.Unknown("LOGX7RT9QPM"), "another": keys.Unknown("LOGX7RT9QPN"),
		"address": keys.Address("LOGX7RT9QPM"), "other secret": other.Unknown("LOGX7RT9QPM"),
	} {
		if first, taken := names[key]; taken {
			t.Errorf("%s and %s share the counter %s", first, what, key)
		}
		names[key] = what
	}
}
