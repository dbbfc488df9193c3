package provider_test

import (
	"testing"
	"time"

	"loge/provider/providertest"
)

// The jobs make a key in time and delete it thirteen months after it signed for
// the last time, as the settings say.
func TestJobsChangeAndPurgeSigningKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	for _, step := range []struct {
		after time.Duration
		keys  int
	}{
		{0, 4},
		{90*24*time.Hour - 26*time.Hour, 4},
		{time.Hour, 8},             // the next ones
		{26 * time.Hour, 8},        // they sign
		{399 * 24 * time.Hour, 12}, // nobody ran for a year: the next ones have their lead all the same
		{24 * time.Hour, 8},        // the first ones go
	} {
		w.Clock.Advance(step.after)
		if err := w.RotateKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		keys, err := w.DB.SigningKeys(t.Context())
		if err != nil || len(keys) != step.keys {
			t.Errorf("%v later: %d keys (%v), want %d", step.after, len(keys), err, step.keys)
		}
	}
}
