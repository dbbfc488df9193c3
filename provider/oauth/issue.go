package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"loge/provider/account"
	"loge/storage"
)

// issue gives the client a code: the end of the flow, its grant and the code
// appear together, if the one rule has nothing against it. f is nil when nobody had
// to be asked anything.
func (p *Provider) issue(w http.ResponseWriter, r *http.Request, q *request, h storage.Holder, f *storage.Flow) error {
	if err := p.mayHave(h, q.shared()); err != nil {
		return err
	}
	s := h.Session
	ctx, u := begin(r.Context())
	u.client = q.client
	grant := p.newGrant(q, s)
	if f != nil {
		p.finishes(u, *f)
	}
	u.write(p.answered(q))
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateGrant(ctx, grant) })
	code, err := p.newCode(ctx, q, s, grant.ID)
	if err != nil {
		return err
	}
	event := storage.AuditEvent{At: grant.CreatedAt, Actor: s.UserID, Action: "grant.created", Subject: s.UserID,
		Details: map[string]string{"client": q.client.ID, "grant": grant.ID, "scopes": grant.Scopes}}
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.Audit(ctx, event) })
	if err := u.commit(ctx, p.DB); err != nil {
		return fmt.Errorf("store code: %w", err)
	}
	return p.respond(w, r, q, url.Values{"code": {code}})
}

func (p *Provider) newGrant(q *request, s storage.Session) storage.Grant {
	now, lifetimes := p.Now(), p.Lifetimes.of(q.client.Client)
	g := storage.Grant{ID: storage.NewID(), ClientID: q.client.ID, UserID: s.UserID, SessionID: s.ID,
		Scopes: strings.Join(q.scopes, " "), CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(codeLifetime + lifetimes.AccessToken))}
	if slices.Contains(q.scopes, offlineAccess) {
		g.Offline = true
		g.ExpiresAt = max(g.ExpiresAt, storage.At(s.AuthenticatedAt.Time().Add(lifetimes.RefreshAbsolute+lifetimes.AccessToken)))
	}
	return g
}

// finishes has the unit end the flow; a flow ends once.
func (p *Provider) finishes(u *unit, f storage.Flow) {
	now := storage.At(p.Now())
	u.write(func(ctx context.Context, q *storage.Queries) error {
		_, err := q.ConsumeFlow(ctx, f.ID, f.BrowserHash, now)
		if errors.Is(err, storage.ErrNotFound) {
			return errFinished
		}
		return err
	})
}

// newCode has fosite make the code and buffer its row. fosite gets what was
// checked and nothing else; it insists on a state, so it gets one, and the
// client's own goes back to the client without it.
func (p *Provider) newCode(ctx context.Context, q *request, s storage.Session, grantID string) (string, error) {
	form := url.Values{"response_type": {"code"}, "client_id": {q.client.ID}, "redirect_uri": {q.redirectURI},
		"scope": {strings.Join(q.scopes, " ")}, "state": {"-"}}
	if q.nonce != "" {
		form.Set("nonce", q.nonce)
	}
	if q.challenge != "" {
		form.Set("code_challenge", q.challenge)
		form.Set("code_challenge_method", "S256")
	}
	ar, err := p.engine.NewAuthorizeRequest(ctx, &http.Request{Method: http.MethodGet, Header: http.Header{}, Form: form})
	if err != nil {
		return "", err
	}
	ar.SetID(grantID)
	for _, scope := range q.scopes {
		ar.GrantScope(scope)
	}
	rec := newRecord(s, p.subject(q.client.Client, s.UserID))
	rec.Claims, rec.Resources, rec.Confirm = q.claims, q.resources, confirmation{JKT: q.jkt}
	response, err := p.engine.NewAuthorizeResponse(ctx, ar, rec)
	if err != nil {
		return "", err
	}
	return response.GetCode(), nil
}

// mayHave asks the one rule about a person with a session, and whether the person
// consents to these scopes. h was read for this request.
func (p *Provider) mayHave(h storage.Holder, scopes []string) error {
	if h.Session.ID == "" {
		return storage.ErrNotFound
	}
	if refusal := account.MayIssue(h.User, h.Account, clientFacts(h), sessionFacts(h), p.Now()); refusal != nil {
		return &Error{Code: "access_denied", Description: "This account cannot be used for the application now.", Err: refusal}
	}
	if consent := (storage.Consent{Scopes: h.Consented}); !consent.Covers(strings.Join(scopes, " ")) {
		return refuse("consent_required", "The person has not consented to all of this.")
	}
	return nil
}

func clientFacts(h storage.Holder) account.ClientFacts {
	return account.ClientFacts{Disabled: !h.ClientDisabledAt.IsZero(), Rights: h.Rights}
}

// sessionFacts leaves the idle limit to the browser's own requests: an
// application works on while its person does not come by here.
func sessionFacts(h storage.Holder) account.SessionFacts {
	return account.SessionFacts{Provisional: h.Session.ProvisionalID != "", EndedAt: h.Session.EndedAt, ExpiresAt: h.Session.ExpiresAt, Accepted: h.Accepted}
}

// grantFacts are those of a token. An offline grant outlives the session that
// it came from: signing out of one browser or being away does not end it. A new
// password does; ending all other sessions revokes it; the rest of the rule
// holds for it as for any.
func grantFacts(h storage.Holder, g storage.Grant) account.SessionFacts {
	if !g.Offline {
		return sessionFacts(h)
	}
	return account.SessionFacts{Provisional: h.Session.ProvisionalID != "", GrantedAt: g.CreatedAt, Accepted: h.Accepted}
}
