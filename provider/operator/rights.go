package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"loge/provider/account"
	"loge/storage"
)

// HeldRight is one right in one application, and whether an account holds it.
type HeldRight struct {
	Client   string `json:"client_id"`
	Name     string `json:"right"`
	Sentence string `json:"sentence"`
	Held     bool   `json:"held"`
}

// Rights lists every right that applications have registered, and whether the
// account of the target holds it.
func (o *Operator) Rights(ctx context.Context, t Target) (list []HeldRight, err error) {
	clients, err := o.DB.RightsOf(ctx, t.Users[0].ID)
	if err != nil {
		return nil, fmt.Errorf("load rights: %w", err)
	}
	for _, c := range clients {
		held := account.AccountRights(c.Rights)
		for _, right := range c.Registered {
			list = append(list, HeldRight{c.ClientID, right.Name, right.Sentence, slices.Contains(held, right)})
		}
	}
	return list, nil
}

// RightsOrder gives rights to an account and withholds others from it, all of
// it or nothing. A right is written CLIENT:RIGHT.
type RightsOrder struct {
	Target         Target
	Give, Withhold []string
	Reason         string // for the journal; may be empty
}

// ChangeRights carries the order out. What is withheld nobody of the account
// holds from now on, whatever he was given in it.
func (o *Operator) ChangeRights(ctx context.Context, order RightsOrder) error {
	if err := checkLine("reason", order.Reason, maxReason); err != nil {
		return err
	}
	known, err := o.Rights(ctx, order.Target)
	if err != nil {
		return err
	}
	type change struct{ give, withhold []string }
	changes := map[string]*change{}
	var faults []error
	for _, list := range []struct {
		rights []string
		give   bool
	}{{order.Give, true}, {order.Withhold, false}} {
		for _, typed := range list.rights {
			client, name, _ := strings.Cut(typed, ":")
			if !slices.ContainsFunc(known, func(r HeldRight) bool { return r.Client == client && r.Name == name }) {
				faults = append(faults, fmt.Errorf("%q is no right: write CLIENT:RIGHT, as loge account rights %s lists them", shorten(typed), order.Target.Account.Number))
				continue
			}
			if changes[client] == nil {
				changes[client] = &change{}
			}
			if list.give {
				changes[client].give = append(changes[client].give, name)
			} else if changes[client].withhold = append(changes[client].withhold, name); slices.Contains(changes[client].give, name) {
				faults = append(faults, fmt.Errorf("%s is both given and withheld", typed))
			}
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	err = o.DB.InTx(ctx, func(q *storage.Queries) error {
		now := o.now()
		for client, c := range changes {
			before, err := q.AccountRightsOf(ctx, order.Target.Account.ID, client)
			if err != nil {
				return fmt.Errorf("load rights: %w", err)
			}
			after := storage.AccountRights{Given: merged(before.Given, c.give, c.withhold), Withheld: merged(before.Withheld, c.withhold, c.give)}
			if err := q.SaveAccountRights(ctx, order.Target.Account.ID, client, before, after, now); err != nil {
				return err
			}
		}
		details := map[string]string{"number": order.Target.Account.Number, "given": strings.Join(order.Give, " "),
			"withheld": strings.Join(order.Withhold, " "), "reason": order.Reason}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: o.Actor, Action: "rights.account_changed", Subject: order.Target.Account.ID, Details: details})
	})
	if errors.Is(err, storage.ErrNotFound) {
		return errors.New("the rights have changed at this moment: look at them and try again")
	}
	if err != nil {
		return fmt.Errorf("change rights: %w", err)
	}
	return nil
}

// merged adds names to a space list and takes others out.
func merged(list string, add, remove []string) string {
	names := append(strings.Fields(list), add...)
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(remove, name) })
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}
