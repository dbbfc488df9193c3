package main

import (
	"strings"

	"loge/provider/operator"
	"loge/storage"
)

type checkCmd struct{}

// Run says of each part whether it is good, and ends with status 1 when one is
// not. It makes and changes nothing.
func (checkCmd) Run(a *app) error {
	findings := a.check()
	bad := 0
	for _, f := range findings {
		if !f.OK {
			bad++
		}
	}
	err := a.print(map[string]any{"ok": bad == 0, "findings": findings}, func() {
		for _, f := range findings {
			word := "ok"
			if !f.OK {
				word = "problem"
			}
			a.say("%-9s%-10s%s", word, f.Subject, f.Text)
		}
	})
	if err == nil && bad > 0 {
		return errProblems
	}
	return err
}

func (a *app) check() []operator.Finding {
	cfg, err := a.settings()
	if err != nil {
		var findings []operator.Finding
		for _, fault := range strings.Split(err.Error(), "\n") {
			findings = append(findings, operator.Finding{Subject: "settings", Text: fault})
		}
		return findings
	}
	settings := operator.Finding{Subject: "settings", OK: true, Text: a.config}
	if missing, path := noSQLite(cfg.Database); missing {
		return []operator.Finding{settings, {Subject: "database", Text: path + " does not exist yet: run loge migrate"}}
	}
	db, err := storage.Open(a.ctx, cfg.DatabaseURL())
	if err != nil {
		return []operator.Finding{settings, {Subject: "database", Text: err.Error()}}
	}
	defer db.Close()
	return append([]operator.Finding{settings}, operator.Check(a.ctx, cfg, db)...)
}
