package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"loge/provider/account"
	"loge/provider/web"
	"loge/storage"
)

type flowExpiredPage struct {
	Flow        string
	Application string // "" when unknown
}

// flowExpired tells that the request is finished, too old or another
// browser's, and names the application to return to.
func (s *Signin) flowExpired(w http.ResponseWriter, r *http.Request, v visit) error {
	var page flowExpiredPage
	if uuid.Validate(v.Demande) == nil {
		flow, err := s.DB.Flow(r.Context(), v.Demande)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("load flow: %w", err)
		}
		if page.Application, err = s.application(r.Context(), flow); err != nil {
			return err
		}
	}
	return s.render(w, r, v, web.View{Template: "flowexpired", Status: http.StatusGone, Data: page})
}

// application returns the name of the flow's application, "" without a flow.
func (s *Signin) application(ctx context.Context, flow storage.Flow) (string, error) {
	if flow.ClientID == "" {
		return "", nil
	}
	client, err := s.DB.Client(ctx, flow.ClientID)
	if err != nil {
		return "", fmt.Errorf("load application: %w", err)
	}
	return client.Name, nil
}

// bar shows the page of a suspended, dormant or closed account and ends the
// session, if there is one.
func (s *Signin) bar(w http.ResponseWriter, r *http.Request, v visit, page string) error {
	if err := s.end(w, r, &v, page); err != nil {
		return err
	}
	return s.render(w, r, v, web.View{Template: page, Status: http.StatusForbidden, Data: stepPage{Flow: v.request()}})
}

// lapse ends a session whose provisional password can no longer be consumed:
// it expired, or it was used or replaced in the meantime.
func (s *Signin) lapse(w http.ResponseWriter, r *http.Request, v visit) error {
	if now, err := s.DB.Session(r.Context(), v.Session.ID); err != nil {
		return fmt.Errorf("load session: %w", err)
	} else if now.ProvisionalID == "" {
		// The password's form was sent twice, and the other request has raised
		// this very session since we read it: it goes on with its new cookie.
		web.SeeOther(w, r, v.with(suitePath))
		return nil
	}
	if err := s.end(w, r, &v, "provisional password lapsed"); err != nil {
		return err
	}
	if p := v.Provisional; p.UsedAt.IsZero() && p.SupersededAt.IsZero() {
		return s.provisionalExpired(w, r, v, cmp.Or(v.User.Email, v.Account.CredentialsEmail()), p)
	}
	web.SeeOther(w, r, v.with(Login.path()))
	return nil
}

type provisionalExpiredPage struct {
	Flow        string
	Until       string
	MaskedEmail string
	Letter      bool
}

// provisionalExpired is page 8.7 B, shown only to who typed the right one. email
// is where another one would go; "" means by letter.
func (s *Signin) provisionalExpired(w http.ResponseWriter, r *http.Request, v visit, email string, p storage.Provisional) error {
	return s.render(w, r, v, web.View{Template: "provisionalexpired", Status: http.StatusForbidden, Data: provisionalExpiredPage{
		Flow: v.request(), Until: lastDay(p), MaskedEmail: account.MaskEmail(email), Letter: email == ""}})
}

// end ends the visit's session for that reason and has the browser forget it.
// From then on v is the visit of somebody who is not signed in.
func (s *Signin) end(w http.ResponseWriter, r *http.Request, v *visit, reason string) error {
	s.Sessions.Clear(w)
	if v.Session.ID == "" {
		return nil
	}
	err := s.DB.InTx(r.Context(), func(q *storage.Queries) error {
		if err := s.Sessions.End(r.Context(), q, v.Session.ID); err != nil {
			return err
		}
		return q.Audit(r.Context(), s.event(v.User, "session.ended", map[string]string{"session": v.Session.ID, "reason": reason}))
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	v.Session, v.State = storage.Session{}, State{}
	return nil
}

// event is something the user did to his own access.
func (s *Signin) event(u storage.User, action string, details map[string]string) storage.AuditEvent {
	return storage.AuditEvent{At: storage.At(s.Now()), Actor: u.ID, Action: action, Subject: u.ID, Details: details}
}
