package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"loge/provider/config"
)

// A server's live heap is a few MiB: Go's default would collect garbage dozens
// of times a second, for a fifth of the processor, to save memory that nobody
// misses. The start collects none. Afterwards garbage may take the room that one
// Argon2 computation needs anyhow, within a limit that leaves room for all that
// may run at once; each begins by collecting (password.Hasher).
const (
	startPercent = 300      // the start's garbage is 7 MiB, and the first collection comes at 12
	gcPercent    = 600      // less, and one computation in a small heap would set off another collection
	serverRoom   = 11 << 20 // beside what lives: garbage, stacks, the collector itself; with 7 it never rests
	perPassword  = 20 << 20 // one Argon2 computation, with what goes with it
)

// startMemory sets when garbage is collected until tuneMemory does. Call it first.
func startMemory() {
	if !operatorTunes() {
		debug.SetGCPercent(startPercent)
	}
}

// tuneMemory sets when garbage is collected, and gives back what the start no
// longer needs. Call it once everything is loaded: a long list of refused
// passwords lives, and a limit below what lives would have the collector run
// all the time.
func tuneMemory(s config.Security) {
	if operatorTunes() {
		return
	}
	slots := s.HashConcurrency
	if slots == 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	debug.SetGCPercent(gcPercent)
	debug.FreeOSMemory()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetMemoryLimit(int64(now.HeapAlloc) + serverRoom + int64(slots)*perPassword)
}

// operatorTunes tells whether the operator has said how, which then holds.
func operatorTunes() bool { return os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" }
