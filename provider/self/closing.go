package self

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

const (
	closingPath = "/compte/fermeture"
	// maxReason is the longest reason, in characters.
	maxReason = 200
)

type closingPage struct {
	Asked       string // day of the open request, "" = none
	Answer      string // day by which it is answered
	Reason      string
	Confirm     bool   // what was typed is shown again, to be confirmed
	CompanyName string // its only administrator asks, "" = may ask
}

// Closing explains the request to close and takes the reason, or shows the
// request that is open.
func (s *Self) Closing(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	page, err := s.closing(r, v)
	if err != nil {
		return err
	}
	return s.showClosing(w, r, v, page, nil, nil)
}

func (s *Self) showClosing(w http.ResponseWriter, r *http.Request, v session.Visit, page closingPage, faults web.FieldErrors, typed url.Values) error {
	return s.render(w, r, v, web.View{Template: "closing", Errors: faults, Values: typed, Data: page})
}

// closing says how things stand.
func (s *Self) closing(r *http.Request, v session.Visit) (page closingPage, err error) {
	open, err := s.DB.OpenClosing(r.Context(), v.User.ID)
	switch {
	case err == nil:
		at := open.AskedAt.Time()
		return closingPage{Asked: text.Date(at), Answer: text.Date(at.AddDate(0, 1, 0)), Reason: open.Reason}, nil
	case !errors.Is(err, storage.ErrNotFound):
		return page, fmt.Errorf("load request to close: %w", err)
	case v.User.Role != storage.RoleAdministrator:
		return page, nil
	}
	another, err := s.DB.OtherAdministrator(r.Context(), v.User)
	if err != nil {
		return page, fmt.Errorf("look for another administrator: %w", err)
	}
	if !another {
		page.CompanyName = v.Account.CompanyName
	}
	return page, nil
}

// SubmitClosing shows the request once more (RGAA 11.12), and stores it when it
// is confirmed. A second request changes nothing, and the page shows the first.
func (s *Self) SubmitClosing(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	page, err := s.closing(r, v)
	if err != nil {
		return err
	}
	if page.Asked != "" || page.CompanyName != "" {
		return s.showClosing(w, r, v, page, nil, nil)
	}
	reason, ok := reasonOf(v.Form.Get("raison"))
	if !ok {
		return s.showClosing(w, r, v, page, web.FieldErrors{{Field: "raison", Key: "closing.error.reason"}}, v.Form)
	}
	if v.Form.Get("choix") != "confirmer" {
		page.Confirm, page.Reason = true, reason
		return s.showClosing(w, r, v, page, nil, nil)
	}
	ctx, now := r.Context(), storage.At(s.Now())
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.AskClosing(ctx, storage.Closing{ID: storage.NewID(), UserID: v.User.ID, Reason: reason, AskedAt: now}); err != nil {
			return err
		}
		if err := q.Notify(ctx, v.User, storage.MessageClosingAsked, nil, now); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "closing.asked", map[string]string{"reason": reason}))
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // that: in another tab
		return fmt.Errorf("ask to close: %w", err)
	}
	s.Wake()
	web.SeeOther(w, r, closingPath)
	return nil
}

// reasonOf is a reason as it is stored, false when it is too long or no text.
func reasonOf(typed string) (string, bool) {
	reason := strings.Join(strings.Fields(typed), " ")
	return reason, utf8.RuneCountInString(reason) <= maxReason && strings.IndexFunc(reason, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// WithdrawClosing takes the open request back. A second time changes nothing.
func (s *Self) WithdrawClosing(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, now := r.Context(), storage.At(s.Now())
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.WithdrawClosing(ctx, v.User.ID, now); err != nil {
			return err
		}
		if err := q.Notify(ctx, v.User, storage.MessageClosingWithdrawn, nil, now); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "closing.withdrawn", nil))
	})
	if errors.Is(err, storage.ErrNotFound) { // answered or withdrawn before
		web.SeeOther(w, r, path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("withdraw request to close: %w", err)
	}
	s.Wake()
	web.SeeOther(w, r, path+"?fait=fermeture")
	return nil
}
