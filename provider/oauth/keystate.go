package oauth

import (
	"time"

	"loge/storage"
)

// States of a signing key, in the order it goes through them. Only the last is
// not reached by every key.
const (
	KeyNext      = "next"      // published, signs later
	KeySigning   = "signing"   // published, signs now
	KeyPublished = "published" // signs no more; its last tokens may be alive
	KeyKept      = "kept"      // good for id_token_hint alone
	KeyWithdrawn = "withdrawn" // compromised: verifies nothing
)

const (
	// keyLead is how long a key is published before it signs: a day, and an hour
	// for caches and for clocks that differ. It is long against the life of the
	// key set in caches (jwksCached).
	keyLead = 25 * time.Hour
	// keyTail is how long a key stays published after its last token has expired:
	// for replicas that changed a little later, and for tokens that were signed
	// under a longer setting.
	keyTail = 24 * time.Hour
	// keyKept is how long a key is remembered after it stopped signing, thirteen
	// months: applications bring old ID tokens as id_token_hint.
	keyKept = 400 * 24 * time.Hour
)

// published is how long a key stays published after it stopped signing.
func (l Lifetimes) published() time.Duration { return max(l.IDToken, l.AccessToken) + keyTail }

// KeyKept is how long a key stays in the database after it stopped signing.
func (l Lifetimes) KeyKept() time.Duration { return max(keyKept, l.published()) }

// KeyStatus tells where a signing key stands. A time of 0 is not known yet.
type KeyStatus struct {
	KID, Alg, State string
	Created         storage.Time // and published
	SignsFrom       storage.Time
	SignsUntil      storage.Time
	PublishedUntil  storage.Time
	KeptUntil       storage.Time
	Withdrawn       storage.Time
}

// keyStatuses computes the states from the times alone, the same on each replica.
// Keys are ordered by algorithm and generation, as they are stored.
func keyStatuses(stored []storage.SigningKey, now storage.Time, l Lifetimes) []KeyStatus {
	list := make([]KeyStatus, len(stored))
	var newer *storage.SigningKey // the one that follows and was not withdrawn
	for i := len(stored) - 1; i >= 0; i-- {
		k := &stored[i]
		s := KeyStatus{KID: k.KID, Alg: k.Alg, Created: k.CreatedAt, SignsFrom: k.SignsFrom, SignsUntil: k.SignsUntil, Withdrawn: k.WithdrawnAt}
		if s.SignsUntil.IsZero() && newer != nil && newer.Alg == k.Alg {
			s.SignsUntil = newer.SignsFrom
		}
		if !s.SignsUntil.IsZero() {
			s.PublishedUntil = storage.At(s.SignsUntil.Time().Add(l.published()))
			s.KeptUntil = storage.At(s.SignsUntil.Time().Add(l.KeyKept()))
		}
		switch {
		case !k.WithdrawnAt.IsZero():
			s.State, s.PublishedUntil = KeyWithdrawn, k.WithdrawnAt
		case k.SignsFrom > now:
			s.State = KeyNext
		case s.SignsUntil.IsZero() || s.SignsUntil > now:
			s.State = KeySigning
		case s.PublishedUntil > now:
			s.State = KeyPublished
		default:
			s.State = KeyKept
		}
		if s.State != KeyWithdrawn {
			newer = k
		}
		list[i] = s
	}
	return list
}

// inKeySet tells whether applications find the key at jwks_uri.
func (s KeyStatus) inKeySet() bool {
	return s.State == KeyNext || s.State == KeySigning || s.State == KeyPublished
}
