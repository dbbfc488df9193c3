package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"loge/provider/account"
	"loge/provider/operator"
	"loge/provider/text"
	"loge/storage"
)

// storyDetails is what became of one person's access.
type storyDetails struct {
	Identifier   string        `json:"identifiant"`
	Story        []chapterLine `json:"story"` // oldest first
	Applications []string      `json:"applications"`
	Refused      string        `json:"refused,omitempty"` // why the person cannot sign in now
	Next         string        `json:"next"`
}

type chapterLine struct {
	At   string `json:"at"`
	What string `json:"what"`

	at storage.Time
}

// number finds the numéro utilisateur of what was typed, number or identifier.
func (a *app) number(db *storage.DB, typed string) (string, error) {
	t, err := (&operator.Operator{DB: db, Now: a.now}).Find(a.ctx, typed)
	return t.Account.Number, err
}

// stories tells what became of each person of an account.
func (a *app) stories(db *storage.DB, owner storage.Account, users []storage.User) (list []storyDetails, err error) {
	cfg, err := a.settings()
	if err != nil {
		return nil, err
	}
	office := &operator.Operator{DB: db, Now: a.now}
	for _, u := range users {
		s, err := office.Story(a.ctx, owner, u, cfg.Security.MaxFailuresPerDay)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("tell of %s", account.FormatIdentifier(u.Identifier)), err)
		}
		d := storyDetails{Identifier: account.FormatIdentifier(u.Identifier), Applications: append([]string{}, s.Access...), Refused: s.Refused, Next: s.Next}
		for _, c := range s.Chapters {
			d.Story = append(d.Story, chapterLine{At: date(c.At), What: c.What, at: c.At})
		}
		list = append(list, d)
	}
	return list, nil
}

// standing says in words how far a person has come.
var standing = map[string]string{
	storage.StateIssued: "has not finished the first sign-in", storage.StateActive: "uses the access", storage.StateSuspended: "access suspended",
	storage.StateDormant: "access ended, nobody signed in for long", storage.StateClosed: "access closed for good",
}

// sayStory tells a person's story so that it can be read aloud: the times are
// those of Paris.
func (a *app) sayStory(p personDetails, d storyDetails) {
	a.say("\n%s  %s, %s, %s: %s", d.Identifier, cmp.Or(p.Name, "name not known"), p.Role, cmp.Or(p.Email, "no e-mail address"), cmp.Or(standing[p.State], p.State))
	for _, c := range d.Story {
		a.say("  %s  %s", text.Local(c.at.Time()).Format("02 Jan 2006 15:04"), c.What)
	}
	if len(d.Applications) > 0 {
		a.say("  Applications: %s", strings.Join(d.Applications, ", "))
	}
	if d.Refused != "" {
		a.say("  Cannot sign in: %s", d.Refused)
	}
	a.say("  Next: %s", d.Next)
}
