package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/terms"
	"loge/storage"
)

// facts is what is stored about a browser, its user and its request, read once
// per request, and the State that follows from it.
type facts struct {
	storage.Visitor                     // towards the application that asked; Session.ID "" when not signed in
	Flow            storage.Flow        // ID "" when no application asked
	Provisional     storage.Provisional // the one that opened the session; ID "" when an own password did
	EmailChange     storage.EmailChange // address that waits for its code; UserID "" when none does
	Texts           []terms.Item        // texts to accept, without their text
	State           State
}

// Pending returns the path of the page of the sign-in that has to be shown before
// the flow's application may be answered, "" when none has; visitor is nil when
// nobody is signed in.
func (s *Signin) Pending(ctx context.Context, visitor *storage.Visitor, flow storage.Flow) (path string, err error) {
	if visitor == nil {
		return Login.path(), nil
	}
	f, err := s.gather(ctx, *visitor, flow)
	if err != nil {
		return "", err
	}
	if f.barred() != "" {
		return suitePath, nil // says why
	}
	if next := Next(f.State); next != Done {
		return next.path(), nil
	}
	return "", nil
}

// gather reads the facts beside the visitor: nothing for a person of whom nothing
// is wanted. A session without ID gives the state of nobody.
func (s *Signin) gather(ctx context.Context, visitor storage.Visitor, flow storage.Flow) (facts, error) {
	f := facts{Visitor: visitor, Flow: flow}
	if f.Session.ID == "" {
		return f, nil
	}
	var err error
	if f.Session.ProvisionalID != "" {
		if f.Provisional, err = s.DB.Provisional(ctx, f.Session.ProvisionalID); err != nil {
			return f, fmt.Errorf("load provisional password: %w", err)
		}
	}
	// Later on an address waits for its code in « Mon compte ».
	if f.User.EmailVerifiedAt.IsZero() && f.User.ActivatedAt.IsZero() {
		if f.EmailChange, err = s.DB.EmailChangeOf(ctx, f.User.ID, storage.OwnAddress); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return f, fmt.Errorf("load e-mail address to confirm: %w", err)
		}
	}
	if !f.UpToDate {
		if f.Texts, err = s.texts(ctx, f.User.ID); err != nil {
			return f, err
		}
	}
	f.State = s.judge(f)
	return f, nil
}

// texts are those that the user has to accept.
func (s *Signin) texts(ctx context.Context, userID string) ([]terms.Item, error) {
	accepted, err := s.DB.Acceptances(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("load acceptances: %w", err)
	}
	current, err := s.DB.CurrentDocuments(ctx)
	if err != nil {
		return nil, fmt.Errorf("load documents: %w", err)
	}
	return terms.Pending(current, accepted, s.Now()), nil
}

// consents says whether the flow's application may see what it asks for.
func (f facts) consents() bool {
	if f.Flow.ClientID == "" || !f.Flow.ConsentedAt.IsZero() {
		return true
	}
	return !f.Flow.ForceConsent && storage.Consent{Scopes: f.Consented}.Covers(f.Flow.Scopes)
}

// judge turns the facts into the table's State.
func (s *Signin) judge(f facts) State {
	_, rules := f.pending(storage.Rules)
	_, conditions := f.pending(storage.Terms)
	provisional := f.Session.ProvisionalID != ""
	unconfirmed := f.User.EmailVerifiedAt.IsZero()
	waiting := f.EmailChange.UserID != ""
	factorMissing := s.factorMissing(f)
	_, unnoted := s.Sessions.Waits(f.Session, session.PendingCodes)
	return State{
		SignedIn: true,
		SignInTooOld: f.Flow.ForceSignIn && f.Flow.SessionID != f.Session.ID ||
			f.Flow.FreshAfter > f.Session.AuthenticatedAt ||
			// Whoever sits down at an open browser must not add a factor of his own.
			factorMissing && !s.Sessions.Recent(f.Session, http.MethodPost),
		AccountUnchosen:        f.Flow.ChooseAccount && f.Flow.SessionID != f.Session.ID,
		FactorUnproven:         !f.User.FactorSince.IsZero() && f.Session.FactorAt.IsZero(),
		AdministratorUndecided: account.MayClaim(f.User, f.Account) && provisional && f.Session.AdministratorAcceptedAt.IsZero(),
		DetailsMissing: f.User.DetailsAt.IsZero() ||
			// The wait for a code was purged, or an address became compulsory.
			s.Service.EmailRequired && f.User.ActivatedAt.IsZero() && unconfirmed && !waiting,
		EmailUnconfirmed: unconfirmed && waiting,
		PasswordMissing:  provisional || f.User.PasswordHash == "" || f.User.PasswordMustChange || account.NeedsLongerPassword(f.User),
		RulesPending:     rules,
		TermsPending:     conditions,
		RightMissing:     !account.MayOpen(f.User, f.Rights),
		FactorMissing:    factorMissing,
		CodesUnnoted:     unnoted,
		ConsentMissing:   !f.consents(),
	}
}

// factorMissing says that a person without any factor has to add one: it is a
// condition of the application, or of the operator for administrators.
func (s *Signin) factorMissing(f facts) bool {
	if !f.User.FactorSince.IsZero() {
		return false
	}
	return f.Flow.ForceFactor && f.Session.FactorAt.IsZero() ||
		s.Security.AdministratorFactor && f.User.Role == storage.RoleAdministrator
}

// pending returns the text of that kind to accept, and whether there is one.
func (f facts) pending(kind string) (terms.Item, bool) {
	for _, item := range f.Texts {
		if item.Document.Kind == kind {
			return item, true
		}
	}
	return terms.Item{}, false
}

// barred names the page for a person who proved who he is but may not come in,
// "" when he may.
func (f facts) barred() string { return barred(f.User, f.Account, f.Session.ProvisionalID != "") }

// barred: new codes are how a dormant account is opened again, so a
// provisional password passes there.
func barred(u storage.User, a storage.Account, provisional bool) string {
	switch {
	case u.State == storage.StateClosed:
		return "closed"
	case u.State == storage.StateSuspended || !a.SuspendedAt.IsZero():
		return "suspended"
	case u.State == storage.StateDormant && !provisional:
		return "dormant"
	}
	return ""
}

// lapsed says that the provisional password which opened the session can no
// longer be consumed, so that its session leads nowhere.
func (f facts) lapsed(now time.Time) bool {
	p := f.Provisional
	return p.ID != "" && (!p.UsedAt.IsZero() || !p.SupersededAt.IsZero() || !now.Before(p.ExpiresAt.Time()))
}

// activatedNow says that the person chose the first password in this session.
func (f facts) activatedNow() bool {
	return !f.User.ActivatedAt.IsZero() && f.User.ActivatedAt >= f.Session.AuthenticatedAt
}
