package main

import (
	"strings"

	"loge/provider/operator"
)

type accountRightsCmd struct {
	Number   string   `arg:"" name:"number" help:"Numéro utilisateur."`
	Give     []string `help:"Let the account hold this right; repeat for several." placeholder:"CLIENT:RIGHT"`
	Withhold []string `help:"Keep this right from the account and all its people, at once; repeat for several." placeholder:"CLIENT:RIGHT"`
	Reason   string   `help:"Why, for the journal." placeholder:"TEXT"`
}

func (c accountRightsCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	target, err := office.Find(a.ctx, c.Number)
	if err != nil {
		return err
	}
	if len(c.Give)+len(c.Withhold) > 0 {
		err := office.ChangeRights(a.ctx, operator.RightsOrder{Target: target, Give: c.Give, Withhold: c.Withhold, Reason: strings.TrimSpace(c.Reason)})
		if err != nil {
			return err
		}
	}
	rights, err := office.Rights(a.ctx, target)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"numero_utilisateur": target.Account.Number, "rights": append([]operator.HeldRight{}, rights...)}, func() {
		for _, r := range rights {
			a.say("%-8s  %s:%s  %s", map[bool]string{true: "held", false: "withheld"}[r.Held], r.Client, r.Name, r.Sentence)
		}
		if len(rights) == 0 {
			a.say("No application has registered rights: each is open to everybody.")
		}
	})
}
