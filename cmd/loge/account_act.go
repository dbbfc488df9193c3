package main

import (
	"fmt"
	"strings"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/storage"
)

// whom is the argument of the commands that act on an access.
type whom struct {
	Whom   string `arg:"" name:"number-or-identifier" help:"Numéro utilisateur (of an organisation: all its people) or identifier (one person)."`
	Reason string `help:"Why, for the journal." placeholder:"TEXT"`
}

type accountSuspendCmd struct{ whom }

func (c accountSuspendCmd) Run(a *app) error { return a.act(account.Suspend, c.whom, false) }

type accountReopenCmd struct{ whom }

func (c accountReopenCmd) Run(a *app) error { return a.act(account.Reopen, c.whom, false) }

type accountCloseCmd struct{ whom }

func (c accountCloseCmd) Run(a *app) error { return a.act(account.Close, c.whom, false) }

type accountResetCmd struct {
	whom
	Letter bool `help:"Send it by letter, also to somebody who has an e-mail address."`
}

func (c accountResetCmd) Run(a *app) error { return a.act(account.Reset, c.whom, c.Letter) }

type accountReissueCmd struct {
	whom
	Letter bool `help:"Send both by letter, also to somebody who has an e-mail address."`
}

func (c accountReissueCmd) Run(a *app) error { return a.act(account.Reissue, c.whom, c.Letter) }

// actDone is what became of an act, for programs.
type actDone struct {
	Act         account.Act `json:"act"`
	Number      string      `json:"numero_utilisateur"`
	Identifiers []string    `json:"identifiants"`
	State       string      `json:"state"`
	Channel     string      `json:"channel,omitempty"`
}

func (a *app) act(act account.Act, w whom, letter bool) (err error) {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	target, err := office.Find(a.ctx, w.Whom)
	if err != nil {
		return err
	}
	done, err := office.Do(a.ctx, operator.Order{Act: act, Target: target, Reason: strings.TrimSpace(w.Reason), Letter: letter})
	if err != nil {
		return err
	}
	report := actDone{Act: act, Number: target.Account.Number, State: done.State, Channel: done.Channel}
	for _, u := range done.Users {
		report.Identifiers = append(report.Identifiers, account.FormatIdentifier(u.Identifier))
	}
	return a.print(report, func() {
		a.say("%s, %s: %s", report.Number, strings.Join(report.Identifiers, ", "), outcome(act, done))
		if next := follow(act, w.Whom, done.Channel); next != "" {
			a.say("%s", next)
		}
	})
}

// outcome says in a sentence what an act has done.
func outcome(act account.Act, done operator.Done) string {
	switch act {
	case account.Suspend:
		return "access is suspended, every sign-in has ended."
	case account.Reopen:
		return fmt.Sprintf("access is %s, waits after wrong passwords are over.", done.State)
	case account.Close:
		return "access is closed for good, every sign-in has ended."
	case account.Reset:
		return "a new provisional password goes out by " + byWhich[done.Channel] + "; what was valid stays so until it is used."
	}
	return "identifier and a new provisional password go out by " + byWhich[done.Channel] + "."
}

var byWhich = map[string]string{storage.ByEmail: "e-mail", storage.ByLetter: "letter"}

// follow is what to do after an act, "" when nothing is.
func follow(act account.Act, whom, channel string) string {
	switch {
	case act == account.Suspend:
		return "To open it again: loge account reopen " + quoted(whom)
	case channel == storage.ByLetter:
		return "Next: loge letter print --out DIR"
	}
	return ""
}

// quoted makes an argument one that a shell takes as it is.
func quoted(s string) string {
	if strings.ContainsAny(s, " '\"\\$`") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
