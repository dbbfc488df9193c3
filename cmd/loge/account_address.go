package main

import (
	"fmt"

	"loge/storage"
)

// badAddress is an address from which something came back.
type badAddress struct {
	Channel string `json:"channel"`
	Since   string `json:"since"`
	Reason  string `json:"reason"`
}

func (a *app) badAddresses(db *storage.DB, accountID string) ([]badAddress, error) {
	found, err := db.UndeliverableOf(a.ctx, accountID)
	if err != nil {
		return nil, fmt.Errorf("load addresses that do not work: %w", err)
	}
	bad := []badAddress{}
	for _, u := range found {
		bad = append(bad, badAddress{Channel: u.Channel, Since: date(u.Since), Reason: u.Reason})
	}
	return bad, nil
}

// sayBadAddress says what came back and what to do next.
func (a *app) sayBadAddress(b badAddress) {
	next := "correct it in the file of accounts, then loge account import"
	if b.Channel == storage.ByEmail {
		next = "ask for another one, loge account import, then loge account reissue for who never signed in (--letter by post); who has signed in changes it in « Mon compte »"
	}
	a.say("Address to check (%s, since %s): %s. Next: %s.", b.Channel, b.Since, b.Reason, next)
}
