package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"loge/provider/config"
)

// A server's live heap is a few MiB: Go's default would collect garbage dozens
// of times a second, for a fifth of the processor, to save memory that nobody
// misses. It collects when the heap is five times as large as after the last
// time, within a limit that leaves room for every Argon2 computation.
const (
	gcPercent   = 400
	serverRoom  = 16 << 20 // beside what lives: garbage, stacks, the collector itself
	perPassword = 20 << 20 // one Argon2 computation, with what goes with it
)

// tuneMemory sets when garbage is collected, unless the operator does by GOGC
// or GOMEMLIMIT. Call it once everything is loaded: a long list of refused
// passwords lives, and a limit below what lives would have the collector run
// all the time.
func tuneMemory(s config.Security) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	slots := s.HashConcurrency
	if slots == 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	debug.SetGCPercent(gcPercent)
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetMemoryLimit(int64(now.HeapAlloc) + serverRoom + int64(slots)*perPassword)
}
