package organisation

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// choices are the rights of one application, to choose from.
type choices struct {
	ClientID, Application string
	Options               []choice
	rights                storage.Rights
}

// choice is a checkbox.
type choice struct {
	Field    string // name of the form's field, droit:CLIENT:RIGHT
	ID       string // of the element
	Sentence string
	Checked  bool
	name     string
}

const fieldPrefix = "droit:"

// rightsFor lists the rights that the organisation holds; checked are those that
// u was given.
func (o *Organisation) rightsFor(ctx context.Context, u storage.User) (list []choices, err error) {
	clients, err := o.DB.RightsOf(ctx, u.ID)
	if err != nil {
		return nil, fmt.Errorf("load rights: %w", err)
	}
	n := 0
	for _, c := range clients {
		one := choices{ClientID: c.ClientID, Application: c.Name, rights: c.Rights}
		given := strings.Fields(c.Chosen)
		for _, right := range account.AccountRights(c.Rights) {
			id := "droits" // the first one: there an error leads
			if n++; n > 1 {
				id = fmt.Sprintf("droits-%d", n)
			}
			one.Options = append(one.Options, choice{Field: fieldPrefix + c.ClientID + ":" + right.Name, ID: id,
				Sentence: right.Sentence, Checked: slices.Contains(given, right.Name), name: right.Name})
		}
		if len(one.Options) > 0 {
			list = append(list, one)
		}
	}
	return list, nil
}

// choose checks what was chosen.
func choose(list []choices, chosen map[string]bool) {
	for i := range list {
		for j := range list[i].Options {
			list[i].Options[j].Checked = chosen[list[i].Options[j].Field]
		}
	}
}

// chosen reads the checkboxes of a form. A right that is not offered is none
// that the organisation holds.
func chosen(form url.Values, list []choices) (map[string]bool, error) {
	got := map[string]bool{}
	for field := range form {
		if !strings.HasPrefix(field, fieldPrefix) || form.Get(field) != "oui" {
			continue
		}
		offered := slices.ContainsFunc(list, func(c choices) bool {
			return slices.ContainsFunc(c.Options, func(o choice) bool { return o.Field == field })
		})
		if !offered {
			return got, account.RightNotHeld
		}
		got[field] = true
	}
	return got, nil
}

// names are the rights of one application that were chosen, and their sentences.
func (c choices) names(got map[string]bool) (names, sentences []string) {
	for _, option := range c.Options {
		if got[option.Field] {
			names, sentences = append(names, option.name), append(sentences, option.Sentence)
		}
	}
	slices.Sort(names)
	return names, sentences
}

// SubmitRights stores what a member may do in each application.
func (o *Organisation) SubmitRights(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return o.person(func(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person) error {
		list, err := o.rightsFor(r.Context(), p.User)
		if err != nil {
			return err
		}
		got, err := chosen(v.Form, list)
		if err != nil {
			return o.showPerson(w, r, v, p, web.FieldErrors{{Key: refusal(err)}}, got)
		}
		return o.act(w, r, p, "droits", func(ctx context.Context, q *storage.Queries) error {
			now := storage.At(o.Now())
			before, err := q.HoldPerson(ctx, acting(v), p.ID, now)
			if err != nil {
				return err
			}
			return o.give(ctx, q, v, before, list, got, now)
		})
	})(w, r, v)
}

// give stores the rights that changed, and tells the person and the journal.
func (o *Organisation) give(ctx context.Context, q *storage.Queries, v session.Visit, u storage.User, list []choices, got map[string]bool, now storage.Time) error {
	changed, sentences := false, []string{}
	for _, c := range list {
		names, said := c.names(got)
		sentences = append(sentences, said...)
		if err := account.MayGive(v.User, u, c.rights, names); err != nil {
			return err
		}
		before, err := q.RightsIn(ctx, u.ID, c.ClientID)
		if err != nil {
			return err
		}
		if before.Chosen == strings.Join(names, " ") {
			continue
		}
		if err := q.SaveUserRights(ctx, v.Account.ID, u.ID, c.ClientID, strings.Join(names, " "), now); err != nil {
			return err
		}
		changed = true
		event := o.event(v, "rights_changed", u.ID, map[string]string{"client": c.ClientID, "rights": strings.Join(names, " ")})
		if err := q.Audit(ctx, event); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	data := told(v)
	data["rights"] = summary(sentences)
	return q.Notify(ctx, u, storage.MessageRightsChangedBy, data, now)
}

// maxSummary bounds the rights named in a mail, in bytes.
const maxSummary = 280

// summary names rights in one line, as far as it goes.
func summary(sentences []string) string {
	line := ""
	for i, s := range sentences {
		next := line
		if i > 0 {
			next += ", "
		}
		if next += s; len(next) > maxSummary {
			return line + "…"
		}
		line = next
	}
	return line
}

// keepRights lets somebody who was an administrator keep as a member what he
// held as one.
func keepRights(ctx context.Context, q *storage.Queries, u storage.User, now storage.Time) error {
	clients, err := q.RightsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, c := range clients {
		var names []string
		for _, right := range account.AccountRights(c.Rights) {
			names = append(names, right.Name)
		}
		if len(names) == 0 {
			continue
		}
		slices.Sort(names)
		if err := q.SaveUserRights(ctx, u.AccountID, u.ID, c.ClientID, strings.Join(names, " "), now); err != nil {
			return err
		}
	}
	return nil
}
