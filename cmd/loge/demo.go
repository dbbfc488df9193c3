package main

import "loge/provider/demo"

type demoCmd struct {
	Dir    string `help:"Folder that keeps the data; a later demo in the same folder goes on. Left out: a fresh folder, removed at the end." placeholder:"DIR"`
	Listen string `help:"Loopback address and port of the provider; partner and mailbox take the next two ports." default:"127.0.0.1:8080" placeholder:"ADDR"`
}

// Run needs no settings file: the demonstration brings its own.
func (c demoCmd) Run(a *app) error {
	return demo.Run(a.ctx, demo.Options{Dir: c.Dir, Listen: c.Listen, Out: a.out})
}
