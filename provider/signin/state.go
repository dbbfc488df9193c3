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
	Session     storage.Session // ID "" when not signed in
	Flow        storage.Flow    // ID "" when no application asked
	User        storage.User
	Account     storage.Account
	Provisional storage.Provisional // the one that opened the session; ID "" when an own password did
	EmailChange storage.EmailChange // address that waits for its code; UserID "" when none does
	Texts       []terms.Item        // texts to accept, without their text
	Rights      storage.Rights      // in the application that asked
	State       State
}

// Pending says whether a page of the sign-in has to be shown before the flow's
// application may be answered; session is nil when the browser has none.
func (s *Signin) Pending(ctx context.Context, session *storage.Session, flow storage.Flow) (bool, error) {
	if session == nil {
		return true, nil
	}
	f, err := s.gather(ctx, *session, flow)
	if err != nil {
		return false, err
	}
	return f.barred() != "" || Next(f.State) != Done, nil
}

// gather reads the facts. A session without ID gives the state of nobody.
func (s *Signin) gather(ctx context.Context, session storage.Session, flow storage.Flow) (facts, error) {
	f := facts{Session: session, Flow: flow}
	if session.ID == "" {
		return f, nil
	}
	var err error
	if f.User, f.Account, err = s.DB.UserWithAccount(ctx, session.UserID); err != nil {
		return f, fmt.Errorf("load user: %w", err)
	}
	if session.ProvisionalID != "" {
		if f.Provisional, err = s.DB.Provisional(ctx, session.ProvisionalID); err != nil {
			return f, fmt.Errorf("load provisional password: %w", err)
		}
	}
	// Later on an address waits for its code in « Mon compte ».
	if f.User.EmailVerifiedAt.IsZero() && f.User.ActivatedAt.IsZero() {
		if f.EmailChange, err = s.DB.EmailChangeOf(ctx, f.User.ID, storage.OwnAddress); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return f, fmt.Errorf("load e-mail address to confirm: %w", err)
		}
	}
	accepted, err := s.DB.Acceptances(ctx, f.User.ID)
	if err != nil {
		return f, fmt.Errorf("load acceptances: %w", err)
	}
	current, err := s.DB.CurrentDocuments(ctx)
	if err != nil {
		return f, fmt.Errorf("load documents: %w", err)
	}
	f.Texts = terms.Pending(current, accepted, s.Now())
	standing, err := s.standing(ctx, f)
	if err != nil {
		return f, err
	}
	f.Rights = standing.Rights
	f.State = s.judge(f, standing.Consented)
	return f, nil
}

// standing is how the person stands with the flow's application.
func (s *Signin) standing(ctx context.Context, f facts) (storage.Standing, error) {
	if f.Flow.ClientID == "" {
		return storage.Standing{}, nil
	}
	standing, err := s.DB.StandingOf(ctx, f.User.ID, f.Flow.ClientID)
	if err != nil {
		return standing, fmt.Errorf("load consent and rights: %w", err)
	}
	return standing, nil
}

// consents says whether the flow's application may see what it asks for.
func (f facts) consents(scopes string) bool {
	if f.Flow.ClientID == "" || !f.Flow.ConsentedAt.IsZero() {
		return true
	}
	return !f.Flow.ForceConsent && storage.Consent{Scopes: scopes}.Covers(f.Flow.Scopes)
}

// judge turns the facts into the table's State; consented are the scopes that the
// flow's application may see.
func (s *Signin) judge(f facts, consented string) State {
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
		ConsentMissing:   !f.consents(consented),
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
