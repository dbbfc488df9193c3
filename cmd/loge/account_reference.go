package main

import (
	"time"

	"loge/provider/operator"
)

// problemLine is what somebody did in « Problème de connexion ».
type problemLine struct {
	Reference string `json:"reference"`
	Begun     string `json:"begun"`
	Seen      string `json:"seen"`
	Path      string `json:"path"`
	Outcome   string `json:"outcome,omitempty"`
	Number    string `json:"numero_utilisateur,omitempty"`
}

// byReference shows the walk behind a reference, and the account if it named one.
func (c accountShowCmd) byReference(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	p, account, err := (&operator.Operator{DB: db}).Problem(a.ctx, c.Reference)
	if err != nil {
		return err
	}
	line := problemLine{Reference: p.Reference, Begun: p.CreatedAt.Time().Format(time.RFC3339), Seen: p.SeenAt.Time().Format(time.RFC3339),
		Path: p.Path, Outcome: p.Outcome, Number: account.Number}
	return a.print(line, func() {
		a.say("Reference %s, begun %s, last seen %s", line.Reference, line.Begun, line.Seen)
		a.say("Steps     %s", line.Path)
		if line.Outcome != "" {
			a.say("Outcome   %s", line.Outcome)
		}
		if line.Number == "" {
			a.say("No account was named. Ask for the numéro utilisateur.")
			return
		}
		a.say("Account   %s: loge account show %s", line.Number, line.Number)
	})
}
