package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// applicationsPath lists the applications that a person has authorised.
const applicationsPath = "/compte/applications"

// authorised is an application that a person lets see something.
type authorised struct {
	ID          string
	Application string
	Publisher   string
	Items       []string // text keys
	Since       string
	Used        string // "" when that is not known any more
}

type applicationsPage struct {
	Applications []authorised
	Withdrawn    string // the application that can no longer see anything, "" = none just now
}

// Applications lists what a person lets applications see.
func (s *Signin) Applications(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
		list, err := s.DB.AuthorisedOf(r.Context(), v.User.ID)
		if err != nil {
			return fmt.Errorf("load authorised applications: %w", err)
		}
		page := applicationsPage{}
		for _, a := range list {
			page.Applications = append(page.Applications, describe(a, v))
		}
		if id := r.URL.Query().Get("retiree"); id != "" && !slices.ContainsFunc(list, func(a storage.Authorised) bool { return a.Client.ID == id }) {
			page.Withdrawn, err = s.nameOf(r.Context(), id)
			if err != nil {
				return err
			}
		}
		return s.render(w, r, v, web.View{Template: "applications", Data: page})
	})
}

func describe(a storage.Authorised, v visit) authorised {
	page := authorised{ID: a.Client.ID, Application: a.Client.Name, Publisher: a.Client.Publisher, Items: itemsOf(a.Scopes, v), Since: text.Date(a.GrantedAt.Time())}
	if !a.UsedAt.IsZero() {
		page.Used = text.Date(a.UsedAt.Time())
	}
	return page
}

// nameOf is the name of an application, "" when there is none with that id.
func (s *Signin) nameOf(ctx context.Context, id string) (string, error) {
	client, err := s.DB.Client(ctx, id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", fmt.Errorf("load application: %w", err)
	}
	return client.Name, nil
}

// Withdraw asks whether an application shall no longer see anything.
func (s *Signin) Withdraw(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
		list, err := s.DB.AuthorisedOf(r.Context(), v.User.ID)
		if err != nil {
			return fmt.Errorf("load authorised applications: %w", err)
		}
		id := r.URL.Query().Get("application")
		i := slices.IndexFunc(list, func(a storage.Authorised) bool { return a.Client.ID == id })
		if i < 0 {
			web.SeeOther(w, r, applicationsPath) // withdrawn in another tab, or never given
			return nil
		}
		page := describe(list[i], v)
		return s.render(w, r, v, web.View{Template: "withdraw", TitleVars: []string{"application", page.Application}, Data: page})
	})
}

// SubmitWithdraw takes back what the person let an application see, and ends
// all that the application holds of it. A second time changes nothing.
func (s *Signin) SubmitWithdraw(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
		ctx, id := r.Context(), v.Form.Get("application")
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			scopes, err := q.WithdrawConsent(ctx, v.User.ID, id, storage.At(s.Now()))
			if err != nil {
				return err
			}
			return q.Audit(ctx, s.event(v.User, "consent.withdrawn", map[string]string{"client": id, "scopes": scopes}))
		})
		if errors.Is(err, storage.ErrNotFound) {
			web.SeeOther(w, r, applicationsPath)
			return nil
		}
		if err != nil {
			return fmt.Errorf("withdraw consent: %w", err)
		}
		web.SeeOther(w, r, applicationsPath+"?retiree="+url.QueryEscape(id))
		return nil
	})
}
