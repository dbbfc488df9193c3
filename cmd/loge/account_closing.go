package main

import (
	"fmt"
	"strings"
	"time"

	"loge/provider/account"
	"loge/storage"
)

// closingLine is an open request to close, as it is listed.
type closingLine struct {
	Number     string `json:"numero_utilisateur"`
	Identifier string `json:"identifiant"`
	Name       string `json:"name"`
	Asked      string `json:"asked"`
	Days       int    `json:"days"` // since then
	Reason     string `json:"reason,omitempty"`
}

// answerDays is within how many days people were told that they get an answer.
const answerDays = 30

// closings lists the open requests to close, the oldest first.
func (c accountListCmd) closings(a *app, db *storage.DB) error {
	found, err := db.OpenClosings(a.ctx, c.Limit)
	if err != nil {
		return fmt.Errorf("list requests to close: %w", err)
	}
	lines := []closingLine{}
	for _, f := range found {
		lines = append(lines, closingLine{Number: f.Account.Number, Identifier: account.FormatIdentifier(f.User.Identifier), Name: f.User.Name(),
			Asked: date(f.Closing.AskedAt), Days: int(a.now().Sub(f.Closing.AskedAt.Time()) / (24 * time.Hour)), Reason: f.Closing.Reason})
	}
	return a.print(map[string]any{"closings": lines}, func() {
		for _, l := range lines {
			late := ""
			if l.Days > answerDays {
				late = "  late"
			}
			a.say("%s  %s  %3d days%s  %s  %s", l.Number, l.Identifier, l.Days, late, l.Name, l.Reason)
		}
		if len(lines) == 0 {
			a.say("Nobody asks for an access to be closed.")
			return
		}
		a.say("Answer each within a month: loge account close IDENTIFIER, or loge account keep IDENTIFIER --reason TEXT")
	})
}

type accountKeepCmd struct{ whom }

// Run answers a request to close: the access stays.
func (c accountKeepCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	target, err := office.Find(a.ctx, c.Whom)
	if err != nil {
		return err
	}
	answered, err := office.RefuseClosing(a.ctx, target, strings.TrimSpace(c.Reason))
	if err != nil {
		return err
	}
	return a.print(map[string]string{"numero_utilisateur": target.Account.Number, "asked": date(answered.AskedAt), "answer": answered.Answer, "reason": answered.Note}, func() {
		a.say("%s: the access stays open; the person is told so by e-mail, with the reason.", target.Account.Number)
	})
}
