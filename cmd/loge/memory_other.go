//go:build !linux

package main

// releaseProgram gives pages back on Linux alone.
func releaseProgram() {}
