package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"loge/provider/config"
)

// Whatever lives when the server is ready, the limit leaves room beside it.
func TestMemoryLimitCountsWhatLives(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	percent := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(math.MaxInt64) })
	limit := func() int64 {
		tuneMemory(config.Security{HashConcurrency: 2})
		return debug.SetMemoryLimit(-1)
	}
	before := limit()
	if before < 2*perPassword+serverRoom {
		t.Errorf("limit %d leaves no room for two passwords", before)
	}
	list := make([]byte, 100<<20)
	if after := limit(); after < before+90<<20 {
		t.Errorf("limit %d with a list of 100 MiB, %d without", after, before)
	}
	runtime.KeepAlive(list)
}

func TestMemoryIsTheOperatorsToTune(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "100MiB")
	debug.SetMemoryLimit(123 << 20)
	t.Cleanup(func() { debug.SetMemoryLimit(math.MaxInt64) })
	tuneMemory(config.Security{})
	if limit := debug.SetMemoryLimit(-1); limit != 123<<20 {
		t.Errorf("limit %d", limit)
	}
}
