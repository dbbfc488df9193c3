package oauth_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
	"loge/storage/storagetest"
)

// device makes a client one that runs on devices only.
func device(c *storage.Client) {
	c.GrantTypes, c.RedirectURIs = storage.GrantDevice+" refresh_token", nil
	c.Scopes += " offline_access"
}

type waiting struct {
	Code     string `json:"device_code"`
	UserCode string `json:"user_code"`
	URI      string `json:"verification_uri"`
	URIWith  string `json:"verification_uri_complete"`
	Expires  int    `json:"expires_in"`
	Interval int    `json:"interval"`
	Error    string `json:"error"`
}

// waits has a device ask for a code.
func (o *op) waits(t testing.TB, clientID string, pairs ...string) (d waiting) {
	t.Helper()
	w := o.postForm("/oauth2/device", with(url.Values{"scope": {"openid email offline_access"}}, pairs...), clientID)
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return d
}

// polls has the device ask whether somebody has agreed.
func (o *op) polls(t testing.TB, d waiting, clientID string) tokens {
	t.Helper()
	return o.token(t, url.Values{"grant_type": {storage.GrantDevice}, "device_code": {d.Code}}, clientID)
}

// types has the person type a user code, and returns the flow that it began.
func (b *browser) types(t testing.TB, code string) (flow string, w *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequest("POST", "/appareil", strings.NewReader(url.Values{"code_appareil": {code}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w = b.do(r)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return to.Query().Get("demande"), w
}

// agrees is the consent page's button, and what follows it.
func (b *browser) agrees(t testing.TB, flow string) *httptest.ResponseRecorder {
	t.Helper()
	b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowConsented(ctx, flow, b.at()) })
	return b.get("/oauth2/authorize/suite?demande=" + flow)
}

// A device of RFC 8628 from its first question to its second access token.
func TestDevice(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := newOP(t, storagetest.OpenURL(t, address)).person(t, nil)
		b.client(t, "borne", device)
		b.consents(t, "borne", "openid email offline_access").signIn(t)

		d := b.waits(t, "borne")
		if d.Code == "" || len(d.UserCode) != 9 || d.URI != issuer+"/appareil" || d.URIWith != d.URI+"?code="+d.UserCode || d.Expires != 900 || d.Interval != 5 {
			t.Fatalf("answer: %+v", d)
		}
		wantRefused(t, "first question", b.polls(t, d, "borne"), 400, "authorization_pending")

		if w := b.get("/appareil?code=" + d.UserCode); !strings.Contains(w.Body.String(), `value="`+d.UserCode+`"`) {
			t.Errorf("the page does not show the code to compare:\n%s", w.Body)
		}
		flow, w := b.types(t, " "+strings.ToLower(strings.ReplaceAll(d.UserCode, "-", " "))+" ")
		if flow == "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w := b.get("/oauth2/authorize/suite?demande=" + flow); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/connexion") {
			t.Errorf("given without being asked, although the consent stands: %d %s", w.Code, w.Header().Get("Location"))
		}
		b.advance(5 * time.Second)
		wantRefused(t, "before the person agrees", b.polls(t, d, "borne"), 400, "authorization_pending")
		if w := b.agrees(t, flow); w.Code != 200 || !strings.Contains(w.Body.String(), "Votre appareil est connecté") {
			t.Fatalf("agreed: %d %s", w.Code, w.Body)
		}
		if _, w := b.types(t, d.UserCode); w.Code != 422 {
			t.Errorf("the code works a second time: %d", w.Code)
		}

		got := b.polls(t, d, "borne")
		if got.status != 200 || got.Type != "Bearer" || got.Scope != "openid email offline_access" || got.Refresh == "" || got.ID == "" {
			t.Fatalf("tokens: %+v", got)
		}
		wantRefused(t, "second redemption", b.polls(t, d, "borne"), 400, "invalid_grant")
		if claims, _ := b.userinfo(t, got.Access); claims["email"] != b.user.Email {
			t.Errorf("userinfo: %v", claims)
		}
		again := b.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}}, "borne")
		if again.status != 200 || again.Access == "" {
			t.Errorf("refresh: %+v", again)
		}
		if events := b.events(t, "grant.created"); len(events) != 1 || events[0].Details["device"] != "yes" {
			t.Errorf("events: %+v", events)
		}
	})
}

func TestDeviceIsRefused(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := newOP(t, storagetest.OpenURL(t, address)).person(t, nil).signIn(t)
		b.client(t, "borne", device)
		b.client(t, "autre", device)
		b.client(t, "loyers", nil)

		if d := b.waits(t, "loyers"); d.Error != "unauthorized_client" {
			t.Errorf("client without the grant: %+v", d)
		}
		if d := b.waits(t, "borne", "scope", "email"); d.Error != "invalid_scope" {
			t.Errorf("without openid: %+v", d)
		}
		wantRefused(t, "no device_code", b.polls(t, waiting{}, "borne"), 400, "invalid_request")
		wantRefused(t, "rubbish", b.polls(t, waiting{Code: "loge_dc_x"}, "borne"), 400, "invalid_grant")
		wantRefused(t, "client without the grant", b.polls(t, b.waits(t, "borne"), "loyers"), 400, "unauthorized_client")

		d := b.waits(t, "borne")
		flow, _ := b.types(t, d.UserCode)
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowDenied(ctx, flow, b.at()) })
		if w := b.get("/oauth2/authorize/suite?demande=" + flow); w.Code != 200 || !strings.Contains(w.Body.String(), "n’est pas connecté") {
			t.Errorf("refusal: %d %s", w.Code, w.Body)
		}
		wantRefused(t, "after the refusal", b.polls(t, d, "borne"), 400, "access_denied")

		d = b.waits(t, "borne")
		wantRefused(t, "shown by another client", b.polls(t, d, "autre"), 400, "invalid_grant")
		if _, w := b.types(t, d.UserCode); w.Code != 422 {
			t.Errorf("the code that leaked is still asked about: %d", w.Code)
		}
		wantRefused(t, "its own client, afterwards", b.polls(t, d, "borne"), 400, "access_denied")

		d = b.waits(t, "borne")
		flow, _ = b.types(t, d.UserCode)
		b.consents(t, "borne", "openid email offline_access")
		b.agrees(t, flow)
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.DisableClient(ctx, "borne", b.at()) })
		wantRefused(t, "disabled client", b.polls(t, d, "borne"), 401, "invalid_client")
	})
}

// The last second, and the first one after it.
func TestDeviceExpires(t *testing.T) {
	b := newOP(t, storagetest.Open(t)).person(t, nil).signIn(t)
	b.client(t, "borne", device)
	b.consents(t, "borne", "openid email offline_access")
	d := b.waits(t, "borne")
	b.advance(15*time.Minute - time.Second)
	wantRefused(t, "a second before the end", b.polls(t, d, "borne"), 400, "authorization_pending")
	flow, _ := b.types(t, d.UserCode)
	if flow == "" {
		t.Error("a second before the end the code is refused")
	}
	b.advance(time.Second)
	wantRefused(t, "at the end", b.polls(t, d, "borne"), 400, "expired_token")
	if _, w := b.types(t, d.UserCode); w.Code != 422 {
		t.Errorf("the code is accepted at the end: %d", w.Code)
	}
	b.signIn(t)
	if w := b.agrees(t, flow); w.Code != 422 {
		t.Errorf("agreed too late: %d %s", w.Code, w.Body)
	}
}

// RFC 8628 §3.5.
func TestDeviceThatAsksTooOftenHasToSlowDown(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		o := newOP(t, storagetest.OpenURL(t, address))
		o.client(t, "borne", device)
		d := o.waits(t, "borne")
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, "authorization_pending"}, {5 * time.Second, "authorization_pending"}, {4 * time.Second, "authorization_pending"},
			{3 * time.Second, "slow_down"}, {5 * time.Second, "slow_down"}, {15 * time.Second, "authorization_pending"},
		} {
			o.advance(step.after)
			wantRefused(t, step.after.String()+" after the last", o.polls(t, d, "borne"), 400, step.want)
		}
	})
}

// Guesses are counted by network address before they are compared.
func TestUserCodesCannotBeGuessed(t *testing.T) {
	b := newOP(t, storagetest.Open(t)).person(t, nil)
	b.client(t, "borne", device)
	d := b.waits(t, "borne")
	for range 30 {
		if _, w := b.types(t, "CCCC-CCCC"); w.Code != 422 {
			t.Fatalf("guess: %d", w.Code)
		}
	}
	flow, w := b.types(t, d.UserCode)
	if flow != "" || w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the right code after 30 wrong ones: %d %v", w.Code, w.Header())
	}
	b.advance(time.Minute)
	if flow, w := b.types(t, d.UserCode); flow == "" {
		t.Errorf("a minute later: %d", w.Code)
	}
}

func TestDeviceCodesGiveTokensOnce(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := newOP(t, storagetest.OpenURL(t, address)).person(t, nil).signIn(t)
		replica := newOP(t, storagetest.OpenURL(t, address))
		b.client(t, "borne", device)
		b.consents(t, "borne", "openid email offline_access")
		d := b.waits(t, "borne")
		flow, _ := b.types(t, d.UserCode)
		b.agrees(t, flow)

		codes := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				got := []*op{b.op, replica}[i%2].polls(t, d, "borne")
				mu.Lock()
				defer mu.Unlock()
				codes[got.Error]++
			})
		}
		wg.Wait()
		if diff := cmp.Diff(map[string]int{"": 1, "invalid_grant": 49}, codes); diff != "" {
			t.Errorf("50 at once (-want +got):\n%s", diff)
		}
	})
}

// Two people agree about one device: it gets the tokens of the first.
func TestDeviceBelongsToWhoWasFirst(t *testing.T) {
	o := newOP(t, storagetest.Open(t))
	o.client(t, "borne", device)
	first, second := o.person(t, nil).signIn(t), o.person(t, nil).signIn(t)
	d := o.waits(t, "borne")
	flow1, _ := first.types(t, d.UserCode)
	flow2, _ := second.types(t, d.UserCode)
	for _, b := range []*browser{first, second} {
		b.consents(t, "borne", "openid email offline_access")
	}
	if w := second.agrees(t, flow2); w.Code != 200 {
		t.Fatalf("the first who agrees: %d", w.Code)
	}
	if w := first.agrees(t, flow1); w.Code != 422 {
		t.Errorf("the other: %d", w.Code)
	}
	if claims, _ := o.userinfo(t, o.polls(t, d, "borne").Access); claims["email"] != second.user.Email {
		t.Errorf("the device's person: %v", claims)
	}
}

func FuzzUserCode(f *testing.F) {
	for _, seed := range []string{"CDFG-3479", "cdfg 3479", "", "ÇDFG-3479", strings.Repeat("C", 70), "CDFG\u00ad3479"} {
		f.Add(seed)
	}
	o := newOP(f, storagetest.Open(f))
	b := o.person(f, nil)
	f.Fuzz(func(t *testing.T, typed string) {
		o.advance(time.Hour) // the counter of the address is not what is tried here
		if flow, w := b.types(t, typed); flow != "" || w.Code >= 500 {
			t.Errorf("%q: %d, flow %q", typed, w.Code, flow)
		}
	})
}
