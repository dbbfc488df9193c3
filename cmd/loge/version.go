package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints what the binary was built from.
func (versionCmd) Run(a *app) error {
	version, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(info.Main.Version, version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	value := map[string]string{"version": version, "revision": revision, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
	return a.print(value, func() { a.say("loge %s (%s, %s)", version, runtime.Version(), value["platform"]) })
}
