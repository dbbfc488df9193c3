package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// releaseProgram gives back the pages of the program that only the start ran
// through: text and read-only data, of which the kernel maps 64 KiB around each
// place that is needed. What is needed again is mapped again, in a microsecond
// or two. It lowers what ps and monitors count as resident, and nothing else:
// the pages stay in the page cache, where the kernel takes them first when
// memory is short.
//
// GOGC and GOMEMLIMIT are about the heap and do not stop it. Where the process
// is locked into memory, the kernel refuses. Whatever fails, the process is
// larger, not wrong.
func releaseProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range unwritten(string(smaps), program) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED) // larger, not wrong
	}
}

// mapping is a piece of the address space; to is the first address after it.
type mapping struct{ from, to uintptr }

// unwritten finds the mappings of the program's file that can only be read and
// hold what the file holds. A page that was written, in memory or swapped out,
// would be lost: what the linker relocated before it took the right to write
// away, a debugger's breakpoint. A mapping with a single one is left alone. So
// are libraries: a thread may be loading one just now. The mappings of the
// program itself stay as they are from the first instruction on.
func unwritten(smaps, program string) []mapping {
	var found []mapping
	var current mapping
	var candidate bool
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch name, value := fields[0], fields[1]; {
		case !strings.HasSuffix(name, ":"): // the first line of a mapping: addresses, rights, …, file
			_, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "/")
			_, err := fmt.Sscanf(name, "%x-%x", &current.from, &current.to)
			candidate = err == nil && "/"+file == program && (value == "r-xp" || value == "r--p")
		case name == "Anonymous:":
			candidate = candidate && value == "0"
		case name == "Swap:" && value == "0" && candidate: // comes after Anonymous
			found = append(found, current)
		}
	}
	return found
}
