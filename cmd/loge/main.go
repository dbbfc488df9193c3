// Loge is the identity provider of the Espace bailleur: the server, and what
// the agency and the system's operator do with it. The whole command line is
// the struct below; each command is a struct with a Run method in the file of
// its name, and does its work through package operator or provider.
//
// Exit status: 0 done, 1 not done or a problem found, 2 not understood, 75 (loge
// mail bounce) not done now, to be tried again. An
// import with refused rows is done: it exits with 0 and says how many, because
// the good rows are in and a night's batch goes on; --json has the counts.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"loge/provider/registry"
)

// cli is the command tree. No argument is ever a secret: arguments are visible
// to everybody on the machine.
type cli struct {
	server

	Check    checkCmd    `cmd:"" help:"Check settings, database, documents and mail; change nothing."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database up to date."`
	Account  accountCmd  `cmd:"" help:"Import, look at, suspend, reopen and close accounts; send codes again."`
	Letter   letterCmd   `cmd:"" help:"Print letters and follow them."`
	Mail     mailCmd     `cmd:"" help:"Record e-mails that came back."`
	Client   clientCmd   `cmd:"" help:"Register partner applications."`
	Document documentCmd `cmd:"" help:"Publish the rules and the terms."`
	Key      keyCmd      `cmd:"" help:"List and change the signing keys."`
	Audit    auditCmd    `cmd:"" help:"Verify or export the journal."`
	Backup   backupCmd   `cmd:"" help:"Copy the SQLite database while the server runs."`
	Demo     demoCmd     `cmd:"" help:"Try it: an invented agency, landlords and partner on this machine."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// server is as much of the tree as a server needs: looking at all of it takes a
// sixth of a start.
type server struct {
	Config string `help:"Settings file." default:"config.yaml" env:"LOGE_CONFIG" placeholder:"FILE"`
	JSON   bool   `help:"Print JSON instead of text." name:"json"`

	Serve serveCmd `cmd:"" help:"Serve the provider until stopped."`
}

const (
	exitFailure   = 1
	exitUsage     = 2
	exitTemporary = 75 // EX_TEMPFAIL: mail servers hand the report over again
)

// errProblems ends a command with status 1 whose output has said it all.
var errProblems = errors.New("problems found")

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	var commands cli
	flags, tree := &commands.server, any(&commands)
	if len(args) > 0 && args[0] == "serve" {
		tree = flags
		startMemory()
	}
	parser, err := kong.New(tree, kong.Name("loge"),
		kong.Description("Identity provider of the Espace bailleur."), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Vars{"scopes": strings.Join(registry.Scopes[1:], ", ")})
	if err != nil {
		fmt.Fprintln(os.Stderr, "loge:", err)
		return exitFailure
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "loge: %v\nTry: loge --help\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a := &app{ctx: ctx, config: flags.Config, json: flags.JSON, out: os.Stdout, err: os.Stderr, now: time.Now}
	switch err := parsed.Run(a); {
	case err == nil:
		return 0
	case errors.Is(err, errProblems):
	case errors.Is(err, errLater):
		fmt.Fprintln(os.Stderr, "loge:", err)
		return exitTemporary
	default:
		fmt.Fprintf(os.Stderr, "loge: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n      "))
	}
	return exitFailure
}

// app is what every command gets.
type app struct {
	ctx      context.Context
	config   string // settings file
	json     bool
	out, err io.Writer
	now      func() time.Time
}
