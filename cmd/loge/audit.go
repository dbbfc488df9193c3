package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"loge/storage"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that no event of the journal was changed, removed or added from outside."`
	Export auditExportCmd `cmd:"" help:"Write the journal, one JSON object a line, oldest first."`
}

type auditVerifyCmd struct{}

func (auditVerifyCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	events, err := db.VerifyAudit(a.ctx)
	broken := errors.Is(err, storage.ErrAuditBroken)
	if err != nil && !broken {
		return err
	}
	result := map[string]any{"ok": !broken, "events": events}
	if broken {
		result["fault"] = err.Error()
	}
	shown := a.print(result, func() {
		if broken {
			a.say("problem  %v. %d events before it are good. Compare with a backup or an earlier export.", err, events)
			return
		}
		a.say("ok  %d events, the chain is whole.", events)
	})
	if broken {
		return errors.Join(shown, errProblems)
	}
	return shown
}

type auditExportCmd struct {
	After int64 `help:"Start after this event." placeholder:"SEQ"`
}

// auditLine is one exported event.
type auditLine struct {
	Seq     int64             `json:"seq"`
	At      string            `json:"at"`
	Actor   string            `json:"actor"`
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Details map[string]string `json:"details,omitempty"`
	Hash    string            `json:"hash"`
}

// Run exports; the lines are JSON with and without --json, for the machines
// that collect them.
func (c auditExportCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	lines := json.NewEncoder(a.out)
	lines.SetEscapeHTML(false)
	for after := c.After; ; {
		events, err := db.AuditEvents(a.ctx, after, 1000)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		for _, e := range events {
			line := auditLine{e.Seq, date(e.At), e.Actor, e.Action, e.Subject, e.Details, hex.EncodeToString(e.Hash)}
			if err := lines.Encode(line); err != nil {
				return fmt.Errorf("write journal: %w", err)
			}
			after = e.Seq
		}
	}
}
