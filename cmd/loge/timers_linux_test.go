package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Every thread must have it: the runtime's watch is started before any Go code
// of ours runs.
func TestTimersMayComeLate(t *testing.T) {
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, thread := range threads {
		slack, err := os.ReadFile(filepath.Join("/proc", filepath.Base(thread), "timerslack_ns"))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended
		}
		if err != nil || strings.TrimSpace(string(slack)) != "1000000" {
			t.Errorf("thread %s: %s ns, %v", filepath.Base(thread), slack, err)
		}
	}
}
