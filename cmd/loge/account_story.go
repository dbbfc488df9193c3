package main

import (
	"errors"
	"fmt"
	"strings"

	"loge/provider/account"
	"loge/provider/operator"
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
			d.Story = append(d.Story, chapterLine{At: date(c.At), What: c.What})
		}
		list = append(list, d)
	}
	return list, nil
}

func (a *app) sayStory(d storyDetails) {
	a.say("\n%s", d.Identifier)
	for _, c := range d.Story {
		a.say("  %s  %s", c.At, c.What)
	}
	if len(d.Applications) > 0 {
		a.say("  Applications: %s", strings.Join(d.Applications, ", "))
	}
	if d.Refused != "" {
		a.say("  Cannot sign in: %s", d.Refused)
	}
	a.say("  Next: %s", d.Next)
}
