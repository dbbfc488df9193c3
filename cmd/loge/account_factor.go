package main

import (
	"strings"
	"time"

	"loge/provider/account"
)

type accountFactorCmd struct {
	List   accountFactorListCmd   `cmd:"" help:"List what a person shows beside the password."`
	Remove accountFactorRemoveCmd `cmd:"" help:"Remove all of it for a person who has lost it: the password is enough again."`
}

type accountFactorListCmd struct {
	Whom string `arg:"" name:"number-or-identifier" help:"Numéro utilisateur or identifier."`
}

// factorLine is a factor as it is listed.
type factorLine struct {
	Kind  string `json:"kind"`
	Name  string `json:"name,omitempty"`
	Added string `json:"added"`
	Shown string `json:"last_shown"`
}

func (c accountFactorListCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	target, err := office.Find(a.ctx, c.Whom)
	if err != nil {
		return err
	}
	u, list, codes, err := office.Factors(a.ctx, target)
	if err != nil {
		return err
	}
	lines := []factorLine{}
	for _, f := range list {
		lines = append(lines, factorLine{Kind: f.Kind, Name: f.Name, Added: f.CreatedAt.Time().Format(time.RFC3339), Shown: f.UsedAt.Time().Format(time.RFC3339)})
	}
	return a.print(map[string]any{"identifiant": account.FormatIdentifier(u.Identifier), "factors": lines, "recovery_codes": codes}, func() {
		for _, l := range lines {
			a.say("%-8s  added %s, last shown %s  %s", l.Kind, l.Added, l.Shown, l.Name)
		}
		if len(lines) == 0 {
			a.say("%s shows nothing beside the password.", account.FormatIdentifier(u.Identifier))
			return
		}
		a.say("Recovery codes not used: %d.", codes)
		a.say("Lost? Make sure that it is the person, then: loge account factor remove %s --reason TEXT", quoted(c.Whom))
	})
}

type accountFactorRemoveCmd struct {
	Whom   string `arg:"" name:"number-or-identifier" help:"Numéro utilisateur or identifier."`
	Reason string `help:"Why, and how you made sure that it is the person; for the journal." placeholder:"TEXT" required:""`
}

func (c accountFactorRemoveCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	target, err := office.Find(a.ctx, c.Whom)
	if err != nil {
		return err
	}
	u, removed, err := office.RemoveFactors(a.ctx, target, strings.TrimSpace(c.Reason))
	if err != nil {
		return err
	}
	identifier := account.FormatIdentifier(u.Identifier)
	return a.print(map[string]any{"identifiant": identifier, "removed": len(removed)}, func() {
		a.say("%s: removed %d, and the recovery codes; every sign-in has ended. The password is enough from now on, and the person is told by e-mail.", identifier, len(removed))
	})
}
