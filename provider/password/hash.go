package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/unicode/norm"
)

// ErrBusy says that too many passwords are being computed already. Callers
// answer 503 and give back the try they counted.
var ErrBusy = errors.New("too many passwords are being checked")

const (
	// queuePerSlot and queueTime keep the queue short: whoever would wait longer
	// is better told at once. 32 computations of 40 ms are 1.3 s.
	queuePerSlot = 32
	queueTime    = 5 * time.Second
)

// Hasher computes and checks Argon2id hashes, a bounded number at a time:
// its slots times 19 MiB is all the memory that passwords can take.
type Hasher struct {
	params  Params
	slots   chan struct{}
	waiting atomic.Int64 // in the queue or in a slot
	refused atomic.Int64 // with ErrBusy, so far
	derive  func(password string, salt []byte, p Params, length int) []byte
	nobody  func() stored // what unknown users are compared with
}

// NewHasher returns a hasher that computes at most slots hashes at once; 0 is
// one for each CPU. New hashes get params; older ones keep theirs until the
// next sign-in.
func NewHasher(slots int, params Params) *Hasher {
	if slots <= 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	h := &Hasher{params: params, slots: make(chan struct{}, slots), derive: derive}
	h.nobody = sync.OnceValue(func() stored {
		s := stored{Params: params, salt: make([]byte, saltLength), hash: make([]byte, hashLength)}
		rand.Read(s.salt) // never fails (crypto/rand)
		rand.Read(s.hash) // no password is known that gives it
		return s
	})
	return h
}

// Hash returns the PHC string to store for a password. The password is brought
// to NFC first, so that é typed on another system remains the same, and is
// otherwise taken as it is. ErrBusy, or ctx's error, when no slot came free.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	s := stored{Params: h.params, salt: make([]byte, saltLength)}
	rand.Read(s.salt) // never fails (crypto/rand)
	err := h.inSlot(ctx, func() { s.hash = h.derive(norm.NFC.String(password), s.salt, s.Params, hashLength) })
	if err != nil {
		return "", err
	}
	return s.String(), nil
}

// Verify tells whether password is the one that encoded was made from, and
// whether it should be hashed anew because the parameters have changed. Where
// there is no password, encoded is empty: the answer is no, after the same work.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	s := h.nobody()
	if encoded != "" {
		if s, err = parse(encoded); err != nil {
			return false, false, err
		}
	}
	err = h.inSlot(ctx, func() {
		hash := h.derive(norm.NFC.String(password), s.salt, s.Params, len(s.hash))
		ok = subtle.ConstantTimeCompare(hash, s.hash) == 1
	})
	if err != nil || !ok {
		return false, false, err
	}
	return true, s.Params != h.params || len(s.salt) != saltLength || len(s.hash) != hashLength, nil
}

// Dummy does the work of Verify for a user who does not exist, so that the time
// of the answer tells nothing.
func (h *Hasher) Dummy(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, "", password)
	return err
}

// inSlot runs compute once a slot is free. A computation that has begun is not
// interrupted: Argon2 cannot be.
func (h *Hasher) inSlot(ctx context.Context, compute func()) error {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(cap(h.slots)*(1+queuePerSlot)) {
		return h.refuse()
	}
	if ctx.Err() != nil { // select would choose a free slot half of the time
		return fmt.Errorf("wait to check a password: %w", context.Cause(ctx))
	}
	timer := time.NewTimer(queueTime)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
	case <-timer.C:
		return h.refuse()
	case <-ctx.Done():
		return fmt.Errorf("wait to check a password: %w", context.Cause(ctx))
	}
	defer func() { <-h.slots }()
	runtime.GC() // a millisecond; the blocks of the last computation would stand beside these
	compute()
	return nil
}

func (h *Hasher) refuse() error {
	h.refused.Add(1)
	return ErrBusy
}

// Load tells how many computations run now, how many wait for a slot, and how
// many were refused with ErrBusy since the start.
func (h *Hasher) Load() (running, waiting int, refused int64) {
	running = len(h.slots)
	return running, max(0, int(h.waiting.Load())-running), h.refused.Load()
}
