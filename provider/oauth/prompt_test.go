package oauth_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

func wantError(t *testing.T, what string, got url.Values, code string) {
	t.Helper()
	if got.Get("error") != code || got.Has("code") || got.Get("iss") != issuer || got.Get("state") != "state-1" {
		t.Errorf("%s: %v, want %s", what, got, code)
	}
}

// openid-provider.md §4.
func TestPromptNoneNeverShowsAPage(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		o := newOP(t, db)
		o.client(t, "loyers", nil)
		b := o.person(t, nil)
		silent := func(pairs ...string) url.Values {
			got, _ := b.authorize(t, asks("loyers", append(pairs, "prompt", "none")...))
			return got
		}
		wantError(t, "nobody signed in", silent(), "login_required")
		b.signIn(t)
		wantError(t, "no consent", silent(), "consent_required")
		b.consents(t, "loyers", "openid")
		wantError(t, "consent to less", silent(), "consent_required")
		b.consents(t, "loyers", "email")
		if got := silent(); got.Get("code") == "" {
			t.Errorf("signed in and consented: %v", got)
		}
		b.advance(20 * time.Minute)
		wantError(t, "sign-in too old", silent("max_age", "60"), "login_required")
		if got := silent("max_age", "10000"); got.Get("code") == "" {
			t.Errorf("sign-in fresh enough: %v", got)
		}
		wantError(t, "max_age=0 is prompt=login", silent("max_age", "0"), "login_required")

		before := o.Pending
		o.Pending = func(context.Context, *storage.Visitor, storage.Flow) (string, error) { return "/connexion/suite", nil }
		wantError(t, "terms to accept", silent(), "interaction_required")
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			c, err := q.Client(ctx, "loyers")
			if err != nil {
				return err
			}
			c.Metadata.Rights = []storage.Right{{Name: "lire", Sentence: "Lire", Restricted: true}}
			return q.SaveClient(ctx, c)
		})
		wantError(t, "no right in the application", silent(), "access_denied")
		o.Pending = before
		b.advance(31 * time.Minute)
		wantError(t, "session idle for too long", silent(), "login_required")
	})
}

// openid-provider.md §4: each prompt leads through the sign-in pages, and the
// request is answered only when what was asked has happened.
func TestSignInPagesAreShownForWhatIsAsked(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		first := idToken(t, b.token(t, exchange(b.code(t, "loyers")), "loyers").ID)
		b.advance(10 * time.Minute)
		for _, c := range []struct {
			name    string
			pairs   []string
			satisfy func(flow string)
			fresh   bool
		}{
			{"prompt=login", []string{"prompt", "login"}, b.signInFor(t), true},
			{"prompt=select_account", []string{"prompt", "select_account"}, b.signInFor(t), true},
			{"max_age=0", []string{"max_age", "0"}, b.signInFor(t), true},
			{"max_age", []string{"max_age", "60"}, b.signInFor(t), true},
			{"prompt=consent", []string{"prompt", "consent"}, b.consentsIn(t), false},
			{"prompt=login consent", []string{"prompt", "login consent"}, func(flow string) { b.signInFor(t)(flow); b.consentsIn(t)(flow) }, true},
		} {
			flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers", c.pairs...).Encode()))
			suite := "/oauth2/authorize/suite?demande=" + flow
			if w := b.get(suite); w.Header().Get("Location") != "/connexion/suite?demande="+flow {
				t.Errorf("%s: answered before it happened: %s", c.name, w.Header().Get("Location"))
			}
			b.advance(5 * time.Second)
			signedInAt := int64(b.session.AuthenticatedAt)
			c.satisfy(flow)
			got := answered(t, b.get(suite))
			if got.Get("code") == "" || got.Get("state") != "state-1" || got.Get("iss") != issuer {
				t.Errorf("%s: %v", c.name, got)
				continue
			}
			claims := idToken(t, b.token(t, exchange(got.Get("code")), "loyers").ID)
			if c.fresh != (claims.AuthTime > signedInAt) || claims.Subject != first.Subject {
				t.Errorf("%s: auth_time %d after sign-in at %d; sub %s, before %s", c.name, claims.AuthTime, signedInAt, claims.Subject, first.Subject)
			}
			b.advance(2 * time.Minute)
		}
	})
}

// signInFor is the sign-in pages' part: a new session, noted in the flow.
func (b *browser) signInFor(t *testing.T) func(string) {
	return func(flow string) {
		b.signIn(t)
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowSession(ctx, flow, b.session.ID) })
	}
}

func (b *browser) consentsIn(t *testing.T) func(string) {
	return func(flow string) {
		b.consents(t, "loyers", "openid email")
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowConsented(ctx, flow, b.at()) })
	}
}

// openid-provider.md §4, §9: auth_time is the real sign-in, the same in every
// silent answer.
func TestAuthTimeIsThatOfTheSignIn(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	signedIn := int64(b.session.AuthenticatedAt)
	for _, pairs := range [][]string{{}, {"max_age", "10000"}, {"prompt", "none"}, {"max_age", "10000", "prompt", "none"}} {
		b.advance(5 * time.Minute)
		claims := idToken(t, b.token(t, exchange(b.code(t, "loyers", pairs...)), "loyers").ID)
		if claims.AuthTime != signedIn || claims.Issued != int64(b.at()) {
			t.Errorf("%v: auth_time %d, want %d; iat %d, want %d", pairs, claims.AuthTime, signedIn, claims.Issued, b.at())
		}
	}
}

// openid-provider.md §4; fosite.md item 30.
func TestIDTokenHint(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "autre", nil)
	b.consents(t, "autre", "openid email")
	hint := b.token(t, exchange(b.code(t, "loyers")), "loyers").ID
	b.advance(10 * time.Minute) // it has expired, which is fine
	ask := func(clientID, hint string) url.Values {
		got, _ := b.authorize(t, asks(clientID, "id_token_hint", hint, "prompt", "none"))
		return got
	}
	if got := ask("loyers", hint); got.Get("code") == "" {
		t.Errorf("hint of the person signed in: %v", got)
	}
	wantError(t, "hint for another client", ask("autre", hint), "invalid_request")
	wantError(t, "hint cut", ask("loyers", hint[:len(hint)-2]), "invalid_request")
	wantError(t, "hint without signature", ask("loyers", unsigned(hint)), "invalid_request")

	other := b.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
	got, _ := other.authorize(t, asks("loyers", "id_token_hint", hint, "prompt", "none"))
	wantError(t, "hint of somebody else", got, "login_required")

	// Without prompt=none the other person has to sign in again, and is still
	// somebody else.
	flow := flowOf(t, other.get("/oauth2/authorize?"+asks("loyers", "id_token_hint", hint).Encode()))
	other.signInFor(t)(flow)
	wantError(t, "somebody else signed in", answered(t, other.get("/oauth2/authorize/suite?demande="+flow)), "login_required")
	// Or the right person does.
	flow = flowOf(t, other.get("/oauth2/authorize?"+asks("loyers", "id_token_hint", hint).Encode()))
	right := &browser{op: b.op, cookies: other.cookies, user: b.user}
	right.signInFor(t)(flow)
	if got := answered(t, right.get("/oauth2/authorize/suite?demande="+flow)); got.Get("code") == "" {
		t.Errorf("the right person signed in: %v", got)
	}
}

// security-classes.md 9: a flow belongs to one browser and ends once.
func TestFlowBelongsToItsBrowser(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		o := newOP(t, db)
		o.client(t, "loyers", nil)
		attacker, victim := o.person(t, nil), o.person(t, nil).signIn(t).consents(t, "loyers", "openid email")
		flow := flowOf(t, attacker.get("/oauth2/authorize?"+asks("loyers").Encode()))
		for _, id := range []string{flow, "", "unknown", "%00", "%ff"} {
			w := victim.get("/oauth2/authorize/suite?demande=" + id)
			if w.Code != 303 || answered(t, w) != nil {
				t.Errorf("the attacker's flow %q in the victim's browser: %d %s", id, w.Code, w.Header().Get("Location"))
			}
		}
		// It is also useless to a browser with a flow cookie of its own.
		flowOf(t, victim.get("/oauth2/authorize?"+asks("loyers", "prompt", "login").Encode()))
		if w := victim.get("/oauth2/authorize/suite?demande=" + flow); answered(t, w) != nil {
			t.Errorf("the attacker's flow in the victim's browser: %s", w.Header().Get("Location"))
		}
	})
}

func TestRefusalAndExpiryOfAFlow(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		o := newOP(t, db)
		o.client(t, "loyers", nil)
		b := o.person(t, nil).signIn(t)
		flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers").Encode()))
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowDenied(ctx, flow, b.at()) })
		suite := "/oauth2/authorize/suite?demande=" + flow
		wantError(t, "the person refuses", answered(t, b.get(suite)), "access_denied")
		if w := b.get(suite); w.Header().Get("Location") != "/connexion/suite?demande="+flow {
			t.Errorf("refused twice: %s", w.Header().Get("Location"))
		}

		flow = flowOf(t, b.get("/oauth2/authorize?"+asks("loyers").Encode()))
		b.advance(time.Hour)
		b.signIn(t).consents(t, "loyers", "openid email")
		if w := b.get("/oauth2/authorize/suite?demande=" + flow); answered(t, w) != nil {
			t.Errorf("an expired flow is answered: %s", w.Header().Get("Location"))
		}
	})
}

// Two tabs with two applications both arrive.
func TestTwoTabsBothArrive(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	o.client(t, "loyers", nil)
	o.client(t, "travaux", nil)
	b := o.person(t, nil)
	one := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers", "state", "one").Encode()))
	two := flowOf(t, b.get("/oauth2/authorize?"+asks("travaux", "state", "two").Encode()))
	b.signIn(t).consents(t, "loyers", "openid email").consents(t, "travaux", "openid email")
	for flow, state := range map[string]string{two: "two", one: "one"} {
		if got := answered(t, b.get("/oauth2/authorize/suite?demande="+flow)); got.Get("code") == "" || got.Get("state") != state {
			t.Errorf("tab %s: %v", state, got)
		}
	}
}

// A client disabled while its person signs in is not answered.
func TestClientDisabledDuringTheSignIn(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	o.client(t, "loyers", nil)
	b := o.person(t, nil)
	flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers").Encode()))
	b.signIn(t).consents(t, "loyers", "openid email")
	b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "loyers", b.at()) })
	if w := b.get("/oauth2/authorize/suite?demande=" + flow); w.Code != 400 || w.Header().Get("Location") != "" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
}

// What one person answered about consent is not another's answer.
func TestConsentOfAnotherPersonDoesNotCount(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	o.client(t, "loyers", nil)
	b := o.person(t, nil).signIn(t)
	flow := flowOf(t, b.get("/oauth2/authorize?"+asks("loyers").Encode()))
	b.consentsIn(t)(flow)
	somebody := o.person(t, nil)
	somebody.cookies = b.cookies
	somebody.signIn(t)
	wantError(t, "session of somebody else", answered(t, somebody.get("/oauth2/authorize/suite?demande="+flow)), "consent_required")
}
