package main

import (
	"fmt"
	"strings"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/storage"
)

type accountAdministratorCmd struct {
	Appoint administratorAppointCmd `cmd:"" help:"Make somebody who has an access administrator of the organisation."`
	Demote  administratorDemoteCmd  `cmd:"" help:"Take the role from somebody."`
	Undo    administratorUndoCmd    `cmd:"" help:"Suspend whoever is administrator and send new codes: the next first sign-in makes another one."`
}

// why is the reason of a decision about administrators.
type why struct {
	Reason string `help:"Why, for the journal: who asked for it in writing." placeholder:"TEXT"`
}

func (w why) text() string { return strings.TrimSpace(w.Reason) }

type administratorAppointCmd struct {
	Whom      string `arg:"" name:"identifier" help:"Identifier of the person."`
	InsteadOf string `help:"Who gives the role up for that." placeholder:"IDENTIFIER"`
	Suspend   bool   `help:"Suspend the access of that person too (with --instead-of)."`
	why
}

func (c administratorAppointCmd) Run(a *app) error {
	if c.Suspend && c.InsteadOf == "" {
		return fmt.Errorf("--suspend says what becomes of the one who gives the role up: name him with --instead-of IDENTIFIER")
	}
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	return a.administrators(c.Whom, c.InsteadOf, func(office *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error) {
		order.Most, order.Suspend, order.Reason = cfg.Security.MaxAdministrators, c.Suspend, c.text()
		return office.Appoint(a.ctx, order)
	})
}

type administratorDemoteCmd struct {
	Whom    string `arg:"" name:"identifier" help:"Identifier of the person."`
	Suspend bool   `help:"Suspend the access too."`
	why
}

func (c administratorDemoteCmd) Run(a *app) error {
	return a.administrators(c.Whom, "", func(office *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error) {
		order.Suspend, order.Reason = c.Suspend, c.text()
		return office.Demote(a.ctx, order)
	})
}

type administratorUndoCmd struct {
	Number string `arg:"" help:"Numéro utilisateur of the organisation."`
	Email  string `help:"Send the new codes to this address, of the person the organisation names, instead of by post." placeholder:"ADDRESS"`
	why
}

func (c administratorUndoCmd) Run(a *app) error {
	return a.administrators(c.Number, "", func(office *operator.Operator, order operator.AdministratorOrder) (operator.AdministratorDone, error) {
		order.Email, order.Reason = strings.TrimSpace(c.Email), c.text()
		return office.StartAgain(a.ctx, order)
	})
}

// administratorsDone is what became of a decision, for programs.
type administratorsDone struct {
	Number    string   `json:"numero_utilisateur"`
	Appointed []string `json:"appointed"`
	Released  []string `json:"released"`
	Suspended bool     `json:"suspended"`
	Opened    string   `json:"opened,omitempty"`
	Channel   string   `json:"channel,omitempty"`
}

// administrators finds whom a decision is about, has it carried out and says
// what came of it.
func (a *app) administrators(whom, instead string, do func(*operator.Operator, operator.AdministratorOrder) (operator.AdministratorDone, error)) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	var order operator.AdministratorOrder
	if order.Target, err = office.Find(a.ctx, whom); err != nil {
		return err
	}
	if instead != "" {
		if order.InsteadOf, err = office.Find(a.ctx, instead); err != nil {
			return err
		}
	}
	done, err := do(office, order)
	if err != nil {
		return err
	}
	report := administratorsDone{Number: done.Account.Number, Appointed: identifiers(done.Appointed), Released: identifiers(done.Released),
		Suspended: done.Suspended, Channel: done.Channel}
	if done.Opened.ID != "" {
		report.Opened = account.FormatIdentifier(done.Opened.Identifier)
	}
	return a.print(report, func() { a.sayAdministrators(report) })
}

func (a *app) sayAdministrators(done administratorsDone) {
	a.say("%s", done.Number)
	for _, who := range done.Appointed {
		a.say("%s is administrator now; the organisation is told.", who)
	}
	for _, who := range done.Released {
		if done.Suspended {
			a.say("%s: access is suspended, every sign-in has ended, and no longer administrator.", who)
			continue
		}
		a.say("%s is no longer administrator, and keeps the access.", who)
	}
	if done.Opened == "" {
		return
	}
	a.say("%s is a new access: its codes go out by %s, and its first sign-in makes the administrator.", done.Opened, byWhich[done.Channel])
	if done.Channel == storage.ByLetter {
		a.say("Next: loge letter print --out DIR")
	}
}

func identifiers(users []storage.User) []string {
	list := []string{}
	for _, u := range users {
		list = append(list, account.FormatIdentifier(u.Identifier))
	}
	return list
}
