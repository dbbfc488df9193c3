package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// terminal tells whether people see what is written to file.
func terminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// progress draws a bar on a terminal and nothing anywhere else.
type progress struct {
	out  io.Writer // nil: draw nothing
	last time.Time
}

func (a *app) progress() *progress {
	if file, ok := a.err.(*os.File); ok && !a.json && terminal(file) {
		return &progress{out: file}
	}
	return &progress{}
}

const barWidth = 30

// show draws how far the work is, at most ten times a second.
func (p *progress) show(done, total int64) {
	if p.out == nil || total <= 0 || done < total && time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	filled := int(min(done, total) * barWidth / total)
	fmt.Fprintf(p.out, "\r%s%s %3d %%", strings.Repeat("█", filled), strings.Repeat("░", barWidth-filled), min(done, total)*100/total)
}

// clear takes the bar away, so that what follows stands alone.
func (p *progress) clear() {
	if p.out != nil {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", barWidth+6))
	}
}
