package organisation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

const journalPerPage = 50

type journalPage struct {
	Lines []journalLine
	Older string // address of the page before, "" = there is none
	First bool   // the newest are shown
}

// journalLine is one event: who did what to whom.
type journalLine struct {
	At, Who, Whom  string
	What           string // text key
	Rights, Client string // of a change of rights
}

// told events of the journal: action → end of the text's key. Others stay in the
// agency's journal.
var journalled = []string{
	"organisation.invited", "organisation.rights_changed", "organisation.code_resent", "organisation.suspended", "organisation.reopened",
	"organisation.removed", "organisation.demoted", "organisation.role_offered", "organisation.offer_withdrawn", "organisation.role_accepted",
	"organisation.reviewed", "organisation.contact_changed", "administrator.appointed", "administrator.replaced", "administrator.demoted", "administrator.undone", "rights.account_changed",
	"access.suspended", "access.reopened", "access.closed",
	"access.dormant", "access.reset", "access.reissued", "administrator.declined",
}

// Journal shows what was done in the organisation, and what the agency or time
// did to the accesses of its people, newest first.
func (o *Organisation) Journal(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		before, err := strconv.ParseInt(r.URL.Query().Get("avant"), 10, 64)
		if err != nil || before < 0 {
			before = 0
		}
		events, err := o.DB.JournalOf(r.Context(), v.Account.ID, before, journalPerPage+1)
		if err != nil {
			return fmt.Errorf("load journal: %w", err)
		}
		page := journalPage{First: before == 0}
		if len(events) > journalPerPage {
			events = events[:journalPerPage]
			page.Older = path + "/journal?avant=" + strconv.FormatInt(events[len(events)-1].Seq, 10)
		}
		names, clients := &naming{o: o, account: v.Account.ID}, &naming{o: o}
		for _, e := range events {
			if !slices.Contains(journalled, e.Action) {
				continue
			}
			line := journalLine{At: text.DateTime(e.At.Time()), What: "organisation.journal." + strings.NewReplacer("organisation.", "", ".", "_").Replace(e.Action)}
			whom := e.Details["user"]
			switch {
			case e.Subject == v.Account.ID:
			case e.Actor == "system":
				whom, line.What = e.Subject, line.What+"_time"
			default:
				whom, line.What = e.Subject, line.What+"_person"
			}
			if line.Who, err = names.user(r.Context(), e.Actor); err != nil {
				return err
			}
			if line.Whom, err = names.user(r.Context(), whom); err != nil {
				return err
			}
			if e.Action == "organisation.rights_changed" {
				if line.Client, line.Rights, err = clients.rights(r.Context(), e.Details["client"], e.Details["rights"]); err != nil {
					return err
				}
				if line.Rights == "" {
					line.What += "_none"
				}
			}
			page.Lines = append(page.Lines, line)
		}
		return o.render(w, r, v, web.View{Template: "organisation_journal", Data: page})
	})(w, r, v)
}

// naming finds the names of ids, once each.
type naming struct {
	o       *Organisation
	account string
	people  map[string]string
	clients map[string]storage.Client
}

// user is the name of a person of the organisation; "" for the agency, and for
// those whose name was erased.
func (n *naming) user(ctx context.Context, id string) (string, error) {
	if name, known := n.people[id]; known {
		return name, nil
	}
	if n.people == nil {
		n.people = map[string]string{}
	}
	u, err := n.o.DB.User(ctx, id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", fmt.Errorf("load a name: %w", err)
	}
	if u.AccountID == n.account {
		n.people[id] = u.Name()
	}
	return n.people[id], nil
}

// rights are the name of a client and the sentences of the rights, as far as
// they are registered today.
func (n *naming) rights(ctx context.Context, id, names string) (client, sentences string, err error) {
	c, known := n.clients[id]
	if !known {
		if c, err = n.o.DB.Client(ctx, id); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return "", "", fmt.Errorf("load application: %w", err)
		}
		if n.clients == nil {
			n.clients = map[string]storage.Client{}
		}
		n.clients[id] = c
	}
	var said []string
	for name := range strings.FieldsSeq(names) {
		if i := slices.IndexFunc(c.Metadata.Rights, func(r storage.Right) bool { return r.Name == name }); i >= 0 {
			said = append(said, c.Metadata.Rights[i].Sentence)
		} else {
			said = append(said, name)
		}
	}
	if c.Name == "" {
		c.Name = id
	}
	return c.Name, strings.Join(said, ", "), nil
}
