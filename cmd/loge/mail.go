package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"loge/provider/delivery"
	"loge/provider/mail"
)

type mailCmd struct {
	Bounce mailBounceCmd `cmd:"" help:"Record an e-mail that came back, from the report of a mail server: stop what it carried, mark the address."`
}

type mailBounceCmd struct {
	File string `arg:"" help:"The report as it came (RFC 3464); - reads it from a mail server's pipe."`
}

// errLater has the mail server hand the report over again.
var errLater = errors.New("not recorded now, to be tried again")

// bounced is what became of a report, for programs.
type bounced struct {
	Recorded bool   `json:"recorded"`
	Why      string `json:"why"` // the server's reason, or why nothing was recorded
	Number   string `json:"numero_utilisateur,omitempty"`
	Kind     string `json:"kind,omitempty"`
	State    string `json:"state,omitempty"`
}

// Run is done also when there is nothing to record: a mail server would answer
// a failure with one more report.
func (c mailBounceCmd) Run(a *app) error {
	report, err := c.read()
	if errors.Is(err, mail.ErrNoReport) {
		return a.sayBounced(bounced{Why: err.Error()})
	}
	if err != nil {
		return err
	}
	office, db, err := a.office()
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err)
	}
	defer db.Close()
	m, err := office.Bounced(a.ctx, report)
	if errors.Is(err, delivery.ErrNotOurs) {
		return a.sayBounced(bounced{Why: err.Error()})
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err)
	}
	stored, err := db.Account(a.ctx, m.AccountID)
	if err != nil {
		return fmt.Errorf("%w: load account: %w", errLater, err)
	}
	return a.sayBounced(bounced{Recorded: true, Why: report.Reason, Number: stored.Number, Kind: m.Kind, State: m.State})
}

func (c mailBounceCmd) read() (mail.Report, error) {
	if c.File == "-" {
		report, err := mail.ReadReport(os.Stdin)
		_, _ = io.Copy(io.Discard, os.Stdin) // who writes into the pipe is not cut off
		return report, err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return mail.Report{}, fmt.Errorf("open report: %w", err)
	}
	defer file.Close()
	return mail.ReadReport(file)
}

func (a *app) sayBounced(b bounced) error {
	return a.print(b, func() {
		if !b.Recorded {
			a.say("Nothing recorded: %s.", b.Why)
			return
		}
		a.say("%s: %s is %s (%s).", b.Number, b.Kind, b.State, b.Why)
		a.say("Next: loge account show %s", b.Number)
	})
}
