package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/storage"
)

type accountCmd struct {
	Import accountImportCmd `cmd:"" help:"Take in the accounts of a CSV file."`
	List   accountListCmd   `cmd:"" help:"List accounts by numéro utilisateur."`
	Show   accountShowCmd   `cmd:"" help:"Show an account: its people, messages and journal."`

	Rights accountRightsCmd `cmd:"" help:"Show which rights in applications an account holds; give and withhold them."`

	Suspend       accountSuspendCmd       `cmd:"" help:"Stop an access at once, until it is reopened."`
	Reopen        accountReopenCmd        `cmd:"" help:"Open a suspended access again, and end waits after wrong passwords."`
	Reset         accountResetCmd         `cmd:"" help:"Send a new provisional password."`
	Reissue       accountReissueCmd       `cmd:"" help:"Send the identifier and a new provisional password, as at the beginning."`
	Administrator accountAdministratorCmd `cmd:"" help:"Say who is administrator of an organisation whose own is gone."`

	Close  accountCloseCmd  `cmd:"" help:"End an access for good."`
	Keep   accountKeepCmd   `cmd:"" help:"Refuse a request to close: the access stays, and the person is told why."`
	Factor accountFactorCmd `cmd:"" help:"What a person shows beside the password, and the way back for who has lost it."`
}

type accountListCmd struct {
	After string `help:"Start after this numéro utilisateur." placeholder:"NUMBER"`
	Limit int    `help:"How many at most." default:"50"`

	Closing bool `help:"List the people who ask for their access to be closed, the oldest request first."`
}

// accountLine is an account as it is listed.
type accountLine struct {
	Number     string `json:"numero_utilisateur"`
	Kind       string `json:"kind"`
	Department string `json:"departement"`
	Name       string `json:"name"`
	Channel    string `json:"channel"`
	State      string `json:"state"`
}

func describe(a storage.Account, u storage.User) accountLine {
	line := accountLine{Number: a.Number, Kind: a.Kind, Department: a.Department, Name: u.Name(), Channel: a.Channel, State: u.State}
	if a.Kind == storage.Organisation {
		line.Name = a.CompanyName
	}
	if !a.SuspendedAt.IsZero() {
		line.State = storage.StateSuspended
	}
	return line
}

func (c accountListCmd) Run(a *app) error {
	if c.Limit < 1 || c.Limit > 10_000 {
		return errors.New("--limit is 1 to 10000: go on with --after")
	}
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	if c.Closing {
		return c.closings(a, db)
	}
	found, err := db.Accounts(a.ctx, c.After, c.Limit+1) // one more tells whether there are more
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	more := len(found) > c.Limit
	lines := []accountLine{}
	for _, l := range found[:min(len(found), c.Limit)] {
		lines = append(lines, describe(l.Account, l.User))
	}
	return a.print(map[string]any{"accounts": lines, "more": more}, func() {
		for _, l := range lines {
			a.say("%s  %-12s  %3s  %-6s  %-9s  %s", l.Number, l.Kind, l.Department, l.Channel, l.State, l.Name)
		}
		switch {
		case len(lines) == 0:
			a.say("No account. Take some in with loge account import FILE.csv")
		case more:
			a.say("There are more: loge account list --after %s", lines[len(lines)-1].Number)
		}
	})
}

type accountShowCmd struct {
	Number    string `arg:"" optional:"" help:"Numéro utilisateur or identifier."`
	Reference string `help:"Reference that somebody was told in « Problème de connexion », instead of the number." placeholder:"REF"`
}

// accountDetails is what helps somebody on the telephone. It holds no hash and
// no secret; the identifier is there because people ask for it.
type accountDetails struct {
	accountLine
	SIRET    string          `json:"siret,omitempty"`
	Address  []string        `json:"address"`
	Created  string          `json:"created"`
	People   []personDetails `json:"people"`
	Messages []messageLine   `json:"messages"` // newest first
	Bad      []badAddress    `json:"undeliverable"`
	Stories  []storyDetails  `json:"stories"`
	Nobody   string          `json:"without_administrator,omitempty"` // nobody answers for an organisation, and what to do
}

type personDetails struct {
	Identifier   string `json:"identifiant"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	Role         string `json:"role"`
	State        string `json:"state"`
	LastSignInAt string `json:"last_sign_in,omitempty"`
}

type messageLine struct {
	Kind      string `json:"kind"`
	Channel   string `json:"channel"`
	State     string `json:"state"`
	Created   string `json:"created"`
	Left      string `json:"left,omitempty"`
	LastError string `json:"last_error,omitempty"`
}

func (c accountShowCmd) Run(a *app) error {
	if c.Reference != "" {
		return c.byReference(a)
	}
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	number, err := a.number(db, c.Number)
	if err != nil {
		return err
	}
	d, err := a.details(db, number)
	if err != nil {
		return err
	}
	return a.print(d, func() {
		a.say("%s  %s, %s, département %s, codes by %s", d.Number, cmp.Or(d.Name, "name not known"), d.Kind, d.Department, byWhich[d.Channel])
		if len(d.Address) > 0 {
			a.say("%s", strings.Join(d.Address, ", "))
		}
		if d.Nobody != "" {
			a.say("Administrator: %s", d.Nobody)
		}
		for _, b := range d.Bad {
			a.sayBadAddress(b)
		}
		for i, s := range d.Stories {
			a.sayStory(d.People[i], s)
		}
	})
}

func (a *app) details(db *storage.DB, number string) (accountDetails, error) {
	stored, err := db.AccountByNumber(a.ctx, number)
	if errors.Is(err, storage.ErrNotFound) {
		return accountDetails{}, fmt.Errorf("no account has the number %s: loge account list shows them", number)
	}
	if err != nil {
		return accountDetails{}, fmt.Errorf("load account: %w", err)
	}
	users, err := db.UsersOfAccount(a.ctx, stored.ID)
	if err != nil {
		return accountDetails{}, fmt.Errorf("load users: %w", err)
	}
	if len(users) == 0 {
		return accountDetails{}, fmt.Errorf("account %s has no user", number)
	}
	d := accountDetails{accountLine: describe(stored, users[0]), SIRET: stored.SIRET, Address: stored.AddressLines(), Created: date(stored.CreatedAt)}
	if d.Bad, err = a.badAddresses(db, stored.ID); err != nil {
		return d, err
	}
	for _, u := range users {
		d.People = append(d.People, personDetails{Identifier: account.FormatIdentifier(u.Identifier), Name: u.Name(), Email: u.Email,
			Role: u.Role, State: u.State, LastSignInAt: date(u.LastSignInAt)})
		messages, err := db.MessagesOf(a.ctx, u.ID, 20)
		if err != nil {
			return d, fmt.Errorf("load messages: %w", err)
		}
		for _, m := range messages {
			d.Messages = append(d.Messages, messageLine{Kind: m.Kind, Channel: m.Channel, State: m.State, Created: date(m.CreatedAt),
				Left: date(m.LeftAt), LastError: m.LastError})
		}
	}
	d.Nobody = operator.WithoutAdministrator(stored, users)
	d.Stories, err = a.stories(db, stored, users)
	return d, err
}

// date writes a moment for operators, "" for never.
func date(t storage.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Time().Format(time.RFC3339)
}
