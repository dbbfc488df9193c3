package secondfactor

import (
	"errors"
	"fmt"
	"net/http"

	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

type listPage struct {
	common
	Factors  []item
	Left     int    // recovery codes
	Wanted   bool   // by the operator, for administrators
	Passkeys bool   // browsers know passkeys at this address
	Full     bool   // there are as many as there may be
	Done     string // what was just done, "" = nothing
}

// item is a factor as it is listed.
type item struct {
	ID, Kind     string
	Name         string // "" = the person gave it none
	Added, Shown string
}

func shown(f storage.Factor) item {
	return item{ID: f.ID, Kind: f.Kind, Name: f.Name, Added: text.Date(f.CreatedAt.Time()), Shown: text.DateTime(f.UsedAt.Time())}
}

// List shows what the person has.
func (s *SecondFactor) List(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	rows, err := s.DB.FactorsOf(r.Context(), v.User.ID)
	if err != nil {
		return fmt.Errorf("load factors: %w", err)
	}
	left, err := s.DB.RecoveryCodesLeft(r.Context(), v.User.ID)
	if err != nil {
		return fmt.Errorf("count recovery codes: %w", err)
	}
	page := listPage{common: s.common(v), Left: left, Passkeys: s.passkeys != nil, Full: len(rows) >= most,
		Wanted: s.Security.AdministratorFactor && v.User.Role == storage.RoleAdministrator}
	switch done := r.URL.Query().Get("fait"); done {
	case "ajout", "retrait", "complet":
		page.Done = done
	}
	for _, f := range rows {
		page.Factors = append(page.Factors, shown(f))
	}
	return s.render(w, r, v, web.View{Template: "factors", Data: page})
}

type removePage struct {
	item
	Last bool // then nothing is asked any more
}

// Remove asks whether a factor is to be removed.
func (s *SecondFactor) Remove(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	rows, err := s.DB.FactorsOf(r.Context(), v.User.ID)
	if err != nil {
		return fmt.Errorf("load factors: %w", err)
	}
	for _, f := range rows {
		if f.ID == r.URL.Query().Get("facteur") {
			return s.render(w, r, v, web.View{Template: "factorremove", Data: removePage{item: shown(f), Last: len(rows) == 1}})
		}
	}
	web.SeeOther(w, r, own) // removed in another tab, or somebody else's
	return nil
}

// SubmitRemove removes it. What the session has shown stays true.
func (s *SecondFactor) SubmitRemove(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, now := r.Context(), storage.At(s.Now())
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		f, last, err := q.RemoveFactor(ctx, v.User.ID, v.Form.Get("facteur"))
		if err != nil {
			return err
		}
		details := map[string]string{"kind": f.Kind, "factor": f.ID}
		if last {
			details["last"] = "yes"
		}
		if err := q.Notify(ctx, v.User, storage.MessageFactorRemoved, map[string]string{"kind": f.Kind, "last": details["last"]}, now); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "factor.removed", details))
	})
	if errors.Is(err, storage.ErrNotFound) {
		web.SeeOther(w, r, own)
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove factor: %w", err)
	}
	s.Wake()
	web.SeeOther(w, r, own+"?fait=retrait")
	return nil
}

type invitePage struct {
	common
	Application string // which wants it, "" = the operator does
	Passkeys    bool
}

// Invite says why a factor is wanted, and how to add one now.
func (s *SecondFactor) Invite(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	page := invitePage{common: s.common(v), Passkeys: s.passkeys != nil}
	if v.Flow.ForceFactor {
		client, err := s.DB.Client(r.Context(), v.Flow.ClientID)
		if err != nil {
			return fmt.Errorf("load application: %w", err)
		}
		page.Application = client.Name
	}
	return s.render(w, r, v, web.View{Template: "factorinvite", Data: page})
}

// Decline goes back to the application, which is told that the person signed in
// with the password alone.
func (s *SecondFactor) Decline(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx := r.Context()
	if v.Flow.ForceFactor {
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := q.SetFlowDenied(ctx, v.Flow.ID, storage.At(s.Now())); err != nil {
				return err
			}
			return q.Audit(ctx, s.event(v, "factor.declined", map[string]string{"client": v.Flow.ClientID}))
		})
		if err != nil {
			return fmt.Errorf("decline factor: %w", err)
		}
	}
	return s.Onward(w, r, v.Request)
}
