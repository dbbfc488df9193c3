package providertest

import (
	"strings"
	"sync"
	"time"
)

// Clock is a clock that a test moves.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	since time.Time // of a running clock: when it showed now
}

// Running returns a clock that shows the true time and goes on by itself, for
// tests with programs that have clocks of their own.
func Running() *Clock {
	now := time.Now()
	return &Clock{now: now, since: now}
}

// Now returns the moved time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.since.IsZero() {
		return c.now.Add(time.Since(c.since)).Truncate(time.Second)
	}
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log keeps what the provider logged.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String returns everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Reset forgets what was logged.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
