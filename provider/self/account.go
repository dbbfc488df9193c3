package self

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

const (
	shownSignIns = 30
	// readSessions is how many sessions are looked at for the devices.
	readSessions = 200
)

type accountPage struct {
	Name, Number, Department    string
	CompanyName, Role, JobTitle string // organisations only
	Identifier, Email, Phone    string
	Waiting                     string // an address that waits for its code, "" = none
	Closing                     string // day on which the person asked to close, "" = did not
	PasswordSet                 string // day
	Protected                   bool   // by the double vérification
	Devices                     []device
	Others                      bool // there is more than this browser
	SignIns                     []signIn
	Texts                       []accepted
	Done                        string // what was just done, "" = nothing
}

// device is a browser that is signed in.
type device struct {
	Session string
	Name    string
	Since   string
	Seen    string
	Here    bool // the one that asks
}

type signIn struct {
	At, Device string
	Result     string // text key
}

// accepted is the proof of a text's acceptance.
type accepted struct{ Kind, Version, Date string }

// Account is the page « Mon compte ».
func (s *Self) Account(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, u := r.Context(), v.User
	page := accountPage{Name: u.Name(), Number: v.Account.Number, Department: v.Account.Department, Role: u.Role,
		Identifier: account.FormatIdentifier(u.Identifier), Email: u.Email, Phone: u.Phone, PasswordSet: text.Date(u.PasswordSetAt.Time()), Protected: !u.FactorSince.IsZero(),
		Done: done(r)}
	if v.Account.Kind == storage.Organisation {
		page.CompanyName, page.JobTitle = v.Account.CompanyName, u.JobTitle
	}
	sessions, err := s.DB.LatestSessions(ctx, u.ID, readSessions)
	if err != nil {
		return fmt.Errorf("load sessions: %w", err)
	}
	events, err := s.DB.SignInsOf(ctx, u.ID, shownSignIns)
	if err != nil {
		return fmt.Errorf("load sign-ins: %w", err)
	}
	proofs, err := s.DB.Acceptances(ctx, u.ID)
	if err != nil {
		return fmt.Errorf("load acceptances: %w", err)
	}
	if page.Waiting, err = s.waiting(ctx, u); err != nil {
		return err
	}
	if open, err := s.DB.OpenClosing(ctx, u.ID); err == nil {
		page.Closing = text.Date(open.AskedAt.Time())
	} else if !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("load request to close: %w", err)
	}
	page.Devices = s.devices(sessions, v.Session.ID)
	page.Others = len(page.Devices) > 1
	page.SignIns = signIns(events, sessions)
	for _, a := range proofs {
		page.Texts = append(page.Texts, accepted{a.Kind, a.Version, text.Date(a.AcceptedAt.Time())})
	}
	return s.render(w, r, v, web.View{Template: "self", Data: page})
}

// waiting is the address whose code can still be typed, "" when there is none.
func (s *Self) waiting(ctx context.Context, u storage.User) (string, error) {
	change, err := s.DB.EmailChangeOf(ctx, u.ID, storage.OwnAddress)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", fmt.Errorf("load e-mail address to confirm: %w", err)
	}
	if !s.Now().Before(max(change.ExpiresAt, change.CreatedAt).Time().Add(s.Security.EmailCode)) {
		return "", nil
	}
	return change.Email, nil
}

// done is what the address says was just done, if it is one of ours.
func done(r *http.Request) string {
	switch d := r.URL.Query().Get("fait"); d {
	case "appareil", "autres", "mot-de-passe", "renseignements", "adresse", "fermeture":
		return d
	}
	return ""
}

// devices are the browsers whose sessions are not over, this one first.
func (s *Self) devices(sessions []storage.Session, here string) (list []device) {
	for _, one := range sessions {
		if !one.EndedAt.IsZero() || !s.Now().Before(one.ExpiresAt.Time()) {
			continue
		}
		d := device{Session: one.ID, Name: web.AgentName(one.UserAgent), Since: text.DateTime(one.AuthenticatedAt.Time()),
			Seen: text.DateTime(one.SeenAt.Time()), Here: one.ID == here}
		if d.Here {
			list = append([]device{d}, list...)
		} else {
			list = append(list, d)
		}
	}
	return list
}

// signIns reads the journal; the devices stand with the sessions, which are
// kept for less long.
func signIns(events []storage.AuditEvent, sessions []storage.Session) (list []signIn) {
	agents := make(map[string]string, len(sessions))
	for _, one := range sessions {
		agents[one.ID] = one.UserAgent
	}
	for _, e := range events {
		line := signIn{At: text.DateTime(e.At.Time()), Device: web.AgentName(agents[e.Details["session"]]), Result: "self.signin.done"}
		switch {
		case e.Action == "signin.failed":
			line.Result = "self.signin.failed"
		case e.Details["with"] == "provisional password":
			line.Result = "self.signin.provisional"
		}
		list = append(list, line)
	}
	return list
}
