package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// written is where lines end, and in how many writes.
type written struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return w.text.Write(b)
}

func (w *written) state() (text string, writes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String(), w.writes
}

func TestLogLinesAreWrittenTogetherAndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &written{}
		b := &lineBuffer{to: out}
		for range 2 { // the second time with a timer that has fired
			_, before := out.state()
			for _, line := range []string{"one\n", "two\n"} {
				if n, err := b.Write([]byte(line)); n != len(line) || err != nil {
					t.Fatalf("Write: %d, %v", n, err)
				}
			}
			if _, writes := out.state(); writes != before {
				t.Errorf("%d writes at once", writes-before)
			}
			time.Sleep(logDelay + time.Millisecond)
			if text, writes := out.state(); writes != before+1 || !strings.HasSuffix(text, "one\ntwo\n") {
				t.Errorf("after the delay: %d writes, %q", writes-before, text)
			}
		}
	})
}

func TestLogKeepsOrderAndLosesNothing(t *testing.T) {
	out := &written{}
	b := &lineBuffer{to: out}
	long := strings.Repeat("x", 3*logBuffer) + "\n"
	var want strings.Builder
	for i := range 2000 {
		line := strings.Repeat("y", i%97) + "\n"
		if i == 1000 {
			line = long
		}
		want.WriteString(line)
		_, _ = b.Write([]byte(line))
	}
	b.flush()
	if text, writes := out.state(); text != want.String() || writes > 100 {
		t.Errorf("%d bytes in %d writes, want %d bytes", len(text), writes, want.Len())
	}
	if cap(b.waiting) > 2*logBuffer {
		t.Errorf("%d bytes are kept for one long line", cap(b.waiting))
	}
}

// A line that somebody waits for at the end of the process is there.
func TestLogIsWrittenAtTheEnd(t *testing.T) {
	out := &written{}
	log, flush := (&app{err: out}).serverLog()
	log.Info("stopped")
	flush()
	if text, _ := out.state(); !strings.Contains(text, `"msg":"stopped"`) {
		t.Errorf("written: %q", text)
	}
}
