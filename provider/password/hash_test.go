package password

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// small makes the tests of everything but the costs themselves fast.
var small = Params{Memory: 64, Time: 1, Threads: 1}

// The vector stands in the reference implementation's test.c (argon2id, version
// 19, t=2, m=2^16, p=1).
func TestKnownVector(t *testing.T) {
	const encoded = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := NewHasher(1, Default)
	ok, rehash, err := h.Verify(t.Context(), encoded, "password")
	if !ok || !rehash || err != nil {
		t.Errorf("Verify of the known vector = %v, rehash %v, %v; want right, to be hashed anew", ok, rehash, err)
	}
	if ok, _, err := h.Verify(t.Context(), encoded, "Password"); ok || err != nil {
		t.Errorf("Verify of another password = %v, %v; want wrong", ok, err)
	}
}

func TestDefaultParametersAreStored(t *testing.T) {
	encoded, err := NewHasher(1, Default).Hash(t.Context(), "trois girafes bleues")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %q, want m=19456 t=2 p=1", encoded)
	}
}

func TestHashAndVerify(t *testing.T) {
	h, light := NewHasher(2, small), NewHasher(2, Params{Memory: 32, Time: 2, Threads: 1})
	encoded, err := h.Hash(t.Context(), "caf\u00e9 cr\u00e8me allong\u00e9")
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Hash(t.Context(), "caf\u00e9 cr\u00e8me allong\u00e9")
	if err != nil || again == encoded {
		t.Errorf("two hashes of one password are equal (%v): the salt is not random", err)
	}
	for _, test := range []struct {
		name, encoded, password string
		hasher                  *Hasher
		ok, rehash              bool
	}{
		{"right", encoded, "caf\u00e9 cr\u00e8me allong\u00e9", h, true, false},
		{"right, decomposed", encoded, "cafe\u0301 cre\u0300me allonge\u0301", h, true, false},
		{"right, parameters have changed", encoded, "caf\u00e9 cr\u00e8me allong\u00e9", light, true, true},
		{"wrong", encoded, "caf\u00e9 creme allong\u00e9", h, false, false},
		{"a space more", encoded, "caf\u00e9 cr\u00e8me allong\u00e9 ", h, false, false},
		{"wrong, parameters have changed", encoded, "x", light, false, false},
		{"empty", encoded, "", h, false, false},
		{"no password stored", "", "", h, false, false},
		{"no password stored, one typed", "", "caf\u00e9 cr\u00e8me allong\u00e9", h, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			ok, rehash, err := test.hasher.Verify(t.Context(), test.encoded, test.password)
			if ok != test.ok || rehash != test.rehash || err != nil {
				t.Errorf("Verify = %v, rehash %v, %v; want %v, %v", ok, rehash, err, test.ok, test.rehash)
			}
		})
	}
}

func TestUnknownUserCostsTheSame(t *testing.T) {
	h := NewHasher(1, Default)
	var work []Params
	h.derive = func(_ string, salt []byte, p Params, length int) []byte {
		if len(salt) != saltLength {
			t.Errorf("salt of %d bytes, want %d", len(salt), saltLength)
		}
		work = append(work, p)
		return make([]byte, length)
	}
	encoded, err := h.Hash(t.Context(), "trois girafes bleues")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Verify(t.Context(), encoded, "x"); err != nil {
		t.Fatal(err)
	}
	if err := h.Dummy(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if len(work) != 3 || work[1] != work[2] {
		t.Errorf("work done: %v, want the same for a known and an unknown user", work)
	}
}

// gate gives computations that last until the test lets them go.
func gate(h *Hasher) (running func() int, release chan struct{}) {
	started := make(chan struct{}, 1000)
	release = make(chan struct{})
	h.derive = func(_ string, _ []byte, _ Params, length int) []byte {
		started <- struct{}{}
		<-release
		return make([]byte, length)
	}
	return func() int { return len(started) }, release
}

func TestSlotsAndQueueAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(2, small)
		running, release := gate(h)
		results := make(chan error, 200)
		for range 200 {
			go func() { results <- h.Dummy(t.Context(), "x") }()
		}
		synctest.Wait()
		if n := running(); n != 2 {
			t.Errorf("%d computations run, want 2", n)
		}
		if refused, want := len(results), 200-2-2*queuePerSlot; refused != want {
			t.Errorf("%d callers refused at once, want %d", refused, want)
		}
		if computing, waiting, refused := h.Load(); computing != 2 || waiting != 2*queuePerSlot || refused != int64(len(results)) {
			t.Errorf("Load = %d, %d, %d", computing, waiting, refused)
		}
		for range len(results) {
			if err := <-results; !errors.Is(err, ErrBusy) {
				t.Errorf("refused with %v, want ErrBusy", err)
			}
		}
		close(release)
		synctest.Wait()
		for range len(results) {
			if err := <-results; err != nil {
				t.Errorf("queued caller got %v, want its turn", err)
			}
		}
		if n := running(); n != 2+2*queuePerSlot {
			t.Errorf("%d computations in all, want %d", n, 2+2*queuePerSlot)
		}
		if err := h.Dummy(t.Context(), "x"); err != nil {
			t.Errorf("after the rush: %v, want a free slot", err)
		}
	})
}

// Computations one after the other take the memory of one.
func TestNextComputationFindsNoBlocks(t *testing.T) {
	percent := debug.SetGCPercent(-1) // nobody else collects
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	h := NewHasher(1, Default)
	var live []uint64
	h.derive = func(password string, salt []byte, p Params, length int) []byte {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		live = append(live, now.HeapAlloc)
		return derive(password, salt, p, length)
	}
	for range 3 {
		if err := h.Dummy(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if before, after := slices.Min(live), slices.Max(live); after-before > 10<<20 {
		t.Errorf("heap when a computation begins: %v bytes, want none of the last one's 19 MiB", live)
	}
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(1, small)
		running, release := gate(h)
		go h.Dummy(t.Context(), "x") //nolint:errcheck // only holds the slot
		synctest.Wait()

		start := time.Now()
		if err := h.Dummy(t.Context(), "x"); !errors.Is(err, ErrBusy) || time.Since(start) != queueTime {
			t.Errorf("after %v: %v, want ErrBusy after %v", time.Since(start), err, queueTime)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hash with a deadline: %v, want DeadlineExceeded", err)
		}
		if n := running(); n != 1 {
			t.Errorf("%d computations ran, want the first alone", n)
		}
		close(release)
	})
}

func TestNobodyWaitsForTheAnswer(t *testing.T) {
	h := NewHasher(1, small)
	h.derive = func(string, []byte, Params, int) []byte { t.Error("computed for somebody who has left"); return nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if err := h.Dummy(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("after the request was given up: %v, want Canceled", err)
		}
	}
}

func TestUnreadableHashIsAnError(t *testing.T) {
	h := NewHasher(1, small)
	for name, encoded := range map[string]string{
		"bcrypt":           "$2b$10$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu",
		"argon2i":          "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"old version":      "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"4 TiB":            "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"no memory":        "$argon2id$v=19$m=0,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"no pass":          "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"a thousand lanes": "$argon2id$v=19$m=64,t=1,p=1000$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"no salt":          "$argon2id$v=19$m=64,t=1,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"no hash":          "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
		"one byte of hash": "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CQ",
		"order":            "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"leading zero":     "$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"trailing part":    "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc$",
		"text":             "secret",
	} {
		if ok, _, err := h.Verify(t.Context(), encoded, "password"); ok || !errors.Is(err, ErrHash) {
			t.Errorf("%s: Verify = %v, %v; want ErrHash", name, ok, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, encoded string) {
		s, err := parse(encoded)
		if err != nil {
			return
		}
		if s.Memory > 256*1024 || s.Time > 10 || s.Threads > 4 {
			t.Fatalf("parse(%q) lets through %+v", encoded, s.Params)
		}
		if s.String() != encoded {
			t.Fatalf("parse(%q) reads what is written %q", encoded, s.String())
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := NewHasher(1, Default)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "trois girafes bleues"); err != nil {
			b.Fatal(err)
		}
	}
}
