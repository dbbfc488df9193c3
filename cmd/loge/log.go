package main

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// logger writes JSON, or plain lines for somebody who watches.
func (a *app) logger() *slog.Logger {
	if a.watched() {
		return slog.New(slog.NewTextHandler(a.err, nil))
	}
	return slog.New(slog.NewJSONHandler(a.err, nil))
}

// serverLog is logger for a server, which writes its lines together. Call flush
// before the end of the process.
func (a *app) serverLog() (log *slog.Logger, flush func()) {
	if a.watched() {
		return a.logger(), func() {}
	}
	lines := &lineBuffer{to: a.err}
	return slog.New(slog.NewJSONHandler(lines, nil)), lines.flush
}

func (a *app) watched() bool {
	file, ok := a.err.(*os.File)
	return ok && terminal(file)
}

const (
	// logDelay is how long a line may wait for others.
	logDelay = 50 * time.Millisecond
	// logBuffer is how many bytes may wait.
	logBuffer = 32 << 10
)

// lineBuffer writes lines together: each write of its own costs as much as
// making ten of them. A process that is killed loses the last moment's lines.
type lineBuffer struct {
	to io.Writer

	mu      sync.Mutex
	waiting []byte
	timer   *time.Timer
}

// Write keeps what it is given; a failure to write it out later is nobody's to
// hear.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting)+len(line) > logBuffer {
		b.out()
	}
	if len(b.waiting) == 0 {
		if b.timer == nil {
			b.timer = time.AfterFunc(logDelay, b.flush)
		} else {
			b.timer.Reset(logDelay)
		}
	}
	b.waiting = append(b.waiting, line...)
	return len(line), nil
}

func (b *lineBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out()
}

// out writes what waits. The buffer keeps its room, unless one long line took
// more than it should have.
func (b *lineBuffer) out() {
	if len(b.waiting) == 0 {
		return
	}
	_, _ = b.to.Write(b.waiting)
	if b.waiting = b.waiting[:0]; cap(b.waiting) > 2*logBuffer {
		b.waiting = nil
	}
}
