package oauth_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loge/storage"
	"loge/storage/storagetest"
)

// pushed is the answer of the pushed authorization request endpoint.
type pushed struct {
	URI       string `json:"request_uri"`
	ExpiresIn int    `json:"expires_in"`
	tokens
}

// push sends a request ahead, as clientID by Basic unless it is empty.
func (o *op) push(t testing.TB, form url.Values, clientID string) (got pushed) {
	t.Helper()
	w := o.postForm("/oauth2/par", form, clientID)
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Errorf("answer of the endpoint is not JSON: %v\n%s", err, w.Body)
	}
	got.status, got.header = w.Code, w.Header()
	return got
}

// pushOf pushes a good request and returns the query that goes with it.
func (o *op) pushOf(t testing.TB, clientID string, pairs ...string) url.Values {
	t.Helper()
	got := o.push(t, asks(clientID, pairs...), clientID)
	if got.status != http.StatusCreated || got.URI == "" {
		t.Fatalf("not pushed: %d %s %s", got.status, got.Error, got.Description)
	}
	return url.Values{"client_id": {clientID}, "request_uri": {got.URI}}
}

// wantRefusal checks that somebody is told, and sent nowhere.
func wantRefusal(t testing.TB, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || !strings.Contains(w.Body.String(), `lang="fr"`) {
		t.Errorf("%s: %d %s", what, w.Code, w.Header())
	}
}

// RFC 9126 §2.2, §4; openid-provider.md §13; fosite.md item 21: what stands
// beside the request_uri is ignored, and it is answered once.
func TestPushedRequestIsAnsweredOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		for name, prepare := range map[string]func() (*op, string){
			"confidential": func() (*op, string) { return b.op, "loyers" },
			"public": func() (*op, string) {
				b.client(t, "pub", public)
				b.consents(t, "pub", "openid email")
				return b.op, ""
			},
		} {
			o, by := prepare()
			id := map[bool]string{true: "loyers", false: "pub"}[by != ""]
			got := o.push(t, asks(id), by)
			if got.status != http.StatusCreated || got.ExpiresIn < 60 || got.ExpiresIn > 90 || !regexp.MustCompile(`^urn:ietf:params:oauth:request_uri:[\w-]{43}$`).MatchString(got.URI) ||
				got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%s: %+v", name, got)
			}
			query := url.Values{"client_id": {id}, "request_uri": {got.URI}, "state": {"other"}, "scope": {"openid profile"}, "redirect_uri": {"https://evil.example/"},
				"response_type": {"token"}, "prompt": {"login"}, "nonce": {"other"}, "response_mode": {"form_post"}, "max_age": {"0"}, "code_challenge": {"-"}, "zz": {"1", "2"}}
			answer, w := b.authorize(t, query)
			if answer.Get("code") == "" || answer.Get("state") != "state-1" || answer.Get("iss") != issuer {
				t.Fatalf("%s: %d %v", name, w.Code, answer)
			}
			form := exchange(answer.Get("code"))
			if by == "" {
				form.Set("client_id", id)
			}
			tokens := o.token(t, form, by)
			if tokens.Scope != "openid email" || idToken(t, tokens.ID).all["nonce"] != "nonce-1" {
				t.Errorf("%s: %+v", name, tokens)
			}
			wantRefusal(t, name+" a second time", b.get("/oauth2/authorize?"+query.Encode()))
		}
	})
}

// A request works for a while until its person comes, and then for as long as
// the sign-in may take; loaded again it works until it is answered.
func TestPushedRequestWaitsForItsPerson(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		late := b.pushOf(t, "loyers")
		b.advance(90 * time.Second)
		wantRefusal(t, "nobody came in time", b.get("/oauth2/authorize?"+late.Encode()))

		query := b.pushOf(t, "loyers", "prompt", "login")
		first := flowOf(t, b.get("/oauth2/authorize?"+query.Encode()))
		b.advance(20 * time.Minute)
		second := flowOf(t, b.get("/oauth2/authorize?"+query.Encode())) // loaded again
		b.signInFor(t)(first)
		if got := answered(t, b.get("/oauth2/authorize/suite?demande="+first)); got.Get("code") == "" || got.Get("state") != "state-1" {
			t.Errorf("first tab: %v", got)
		}
		b.signInFor(t)(second)
		wantRefusal(t, "second tab", b.get("/oauth2/authorize/suite?demande="+second))
		wantRefusal(t, "the address again", b.get("/oauth2/authorize?"+query.Encode()))

		// A refusal is an answer as well.
		query = b.pushOf(t, "loyers", "prompt", "consent")
		flow := flowOf(t, b.get("/oauth2/authorize?"+query.Encode()))
		b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowDenied(ctx, flow, b.at()) })
		wantError(t, "refused", answered(t, b.get("/oauth2/authorize/suite?demande="+flow)), "access_denied")
		wantRefusal(t, "after the refusal", b.get("/oauth2/authorize?"+query.Encode()))
	})
}

// security-classes.md 1, 2; fosite.md item 21: it is its client's, whoever else
// tries, and trying does not use it up.
func TestPushedRequestIsItsClientsOwn(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		b.client(t, "autre", nil)
		b.client(t, "off", nil)
		b.consents(t, "autre", "openid email")
		query := b.pushOf(t, "loyers")
		uri := query.Get("request_uri")
		for name, wrong := range map[string]url.Values{
			"another client":        with(asks("autre"), "request_uri", uri),
			"no client":             {"request_uri": {uri}},
			"client twice":          {"request_uri": {uri}, "client_id": {"loyers", "loyers"}},
			"unknown client":        {"request_uri": {uri}, "client_id": {"x"}},
			"other random":          with(asks("loyers"), "request_uri", uri[:len(uri)-1]+"_"),
			"cut off":               with(asks("loyers"), "request_uri", uri[:len(uri)-1]),
			"prefix alone":          with(asks("loyers"), "request_uri", "urn:ietf:params:oauth:request_uri:"),
			"a code":                with(asks("loyers"), "request_uri", "urn:ietf:params:oauth:request_uri:"+b.code(t, "loyers")),
			"longer":                with(asks("loyers"), "request_uri", uri+strings.Repeat("x", 5000)),
			"with something beside": with(asks("loyers"), "request_uri", uri+"#"),
		} {
			wantRefusal(t, name, b.get("/oauth2/authorize?"+wrong.Encode()))
		}
		for _, value := range []string{"https://loyers.example/request.jwt", "urn:x", "http://127.0.0.1/"} {
			got, _ := b.authorize(t, asks("loyers", "request_uri", value))
			wantError(t, value, got, "request_uri_not_supported")
		}
		both, _ := b.authorize(t, with(asks("loyers", "request", "x"), "request_uri", uri))
		wantError(t, "request and request_uri", both, "invalid_request")
		// One kind is not another.
		wantRefused(t, "as a code", b.token(t, exchange(uri), "loyers"), 400, "invalid_grant")
		wantRefused(t, "as a random of a code", b.token(t, exchange("loge_ac_"+strings.TrimPrefix(uri, "urn:ietf:params:oauth:request_uri:")), "loyers"), 400, "invalid_grant")
		if got, w := b.authorize(t, query); got.Get("code") == "" {
			t.Errorf("its own client afterwards: %d %v", w.Code, got)
		}
	})
}

// RFC 9126 §2.3: errors are JSON, and the client is the one that authenticates.
func TestPushedRequestIsCheckedAsTheOtherWayIn(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "autre", nil)
	b.client(t, "poste", func(c *storage.Client) { c.AuthMethod = storage.AuthPost })
	b.client(t, "robot", func(c *storage.Client) { c.GrantTypes = storage.GrantCredentials })
	for _, c := range []struct {
		name   string
		form   url.Values
		by     string
		status int
		code   string
	}{
		{"no authentication", asks("loyers"), "", 401, "invalid_client"},
		{"another method", asks("loyers", "client_secret", secretOf), "", 401, "invalid_client"},
		{"two methods", asks("loyers", "client_secret", secretOf), "loyers", 400, "invalid_request"},
		{"wrong secret", asks("poste", "client_secret", "x"), "", 401, "invalid_client"},
		{"unknown client", asks("x", "client_secret", "x"), "", 401, "invalid_client"},
		{"another client inside", asks("autre"), "loyers", 400, "invalid_request"},
		{"request_uri", asks("loyers", "request_uri", "urn:ietf:params:oauth:request_uri:x"), "loyers", 400, "invalid_request"},
		{"request", asks("loyers", "request", "x"), "loyers", 400, "invalid_request_object"},
		{"no response_type", asks("loyers", "response_type", "-"), "loyers", 400, "invalid_request"},
		{"response_type", asks("loyers", "response_type", "token"), "loyers", 400, "unsupported_response_type"},
		{"no openid", asks("loyers", "scope", "email"), "loyers", 400, "invalid_scope"},
		{"no challenge", asks("loyers", "code_challenge", "-"), "loyers", 400, "invalid_request"},
		{"plain challenge", asks("loyers", "code_challenge_method", "plain"), "loyers", 400, "invalid_request"},
		{"prompt", asks("loyers", "prompt", "none login"), "loyers", 400, "invalid_request"},
		{"max_age", asks("loyers", "max_age", "-1"), "loyers", 400, "invalid_request"},
		{"claims", asks("loyers", "claims", "[]"), "loyers", 400, "invalid_request"},
		{"response_mode", asks("loyers", "response_mode", "jwt"), "loyers", 400, "invalid_request"},
		{"hint", asks("loyers", "id_token_hint", "x"), "loyers", 400, "invalid_request"},
		{"no people", asks("robot"), "robot", 400, "unauthorized_client"},
	} {
		got := b.push(t, c.form, c.by)
		wantRefused(t, c.name, got.tokens, c.status, c.code)
		if got.URI != "" || got.header.Get("Cache-Control") != "no-store" || (c.status == 401) != (got.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	twice := asks("loyers")
	twice["state"] = []string{"a", "b"}
	wantRefused(t, "state twice", b.push(t, twice, "loyers").tokens, 400, "invalid_request")
	for _, uri := range corpus {
		got := b.push(t, asks("loyers", "redirect_uri", uri), "loyers")
		wantRefused(t, "redirect_uri "+uri, got.tokens, 400, "invalid_request")
	}
	r := httptest.NewRequest("POST", "/oauth2/par", strings.NewReader(`{"client_id":"loyers"}`))
	r.Header.Set("Content-Type", "application/json")
	wantRefused(t, "JSON", b.send(t, r), 400, "invalid_request")
	// The client need not repeat its name (RFC 9126 §2.1).
	if got := b.push(t, asks("loyers", "client_id", "-"), "loyers"); got.status != http.StatusCreated {
		t.Errorf("without client_id: %d %s", got.status, got.Description)
	}
}

// openid-provider.md §13, fosite.md item 21: no credential is stored, nor the
// request_uri, which opens the request.
func TestPushedRequestIsStoredWithoutCredentials(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "loge.db")
	b := ready(t, storagetest.OpenURL(t, address))
	b.client(t, "poste", func(c *storage.Client) { c.AuthMethod = storage.AuthPost })
	got := b.push(t, asks("poste", "client_secret", secretOf, "zz", "surplus"), "")
	if got.status != http.StatusCreated {
		t.Fatalf("%d %s", got.status, got.Description)
	}
	stored := dump(t, address, "pushed_requests")
	if !strings.Contains(stored, "nonce-1") {
		t.Fatalf("the request is not stored: %s", stored)
	}
	for _, secret := range []string{secretOf, "client_secret", "surplus", strings.TrimPrefix(got.URI, "urn:ietf:params:oauth:request_uri:")} {
		if strings.Contains(stored, secret) {
			t.Errorf("stored: %q in %s", secret, stored)
		}
	}
	if strings.Contains(b.log.String(), got.URI) {
		t.Error("the request_uri is in the log")
	}
}

// A client, or all of them, may have to push.
func TestPushingMayBeRequired(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	b.client(t, "strict", func(c *storage.Client) {
		signsObjects(c)
		c.Metadata.RequirePushedAuthorizationRequests = true
	})
	b.consents(t, "strict", "openid email")
	plain := func(id string) {
		t.Helper()
		got, _ := b.authorize(t, asks(id))
		wantError(t, id+" by GET", got, "invalid_request")
		if w := b.postForm("/oauth2/authorize", asks(id), ""); answered(t, w).Get("error") != "invalid_request" {
			t.Errorf("%s by POST: %d %s", id, w.Code, w.Header())
		}
		if got, w := b.authorize(t, b.pushOf(t, id)); got.Get("code") == "" {
			t.Errorf("%s, pushed: %d %v", id, w.Code, got)
		}
		// Through the pages too.
		flow := flowOf(t, b.get("/oauth2/authorize?"+b.pushOf(t, id, "prompt", "login").Encode()))
		b.signInFor(t)(flow)
		if got := answered(t, b.get("/oauth2/authorize/suite?demande="+flow)); got.Get("code") == "" {
			t.Errorf("%s, pushed, after the pages: %v", id, got)
		}
	}
	plain("strict")
	signed, _ := b.authorize(t, byObject("strict", signObject(t, "ES256", "", "", b.object(t, "strict", nil))))
	wantError(t, "request object by value", signed, "invalid_request")
	if got, _ := b.authorize(t, asks("loyers")); got.Get("code") == "" {
		t.Errorf("other clients: %v", got)
	}
	b.RequirePAR = true
	plain("loyers")
}

// A posted request comes again by GET, with its request_uri.
func TestPushedRequestMayBePosted(t *testing.T) {
	b := ready(t, storagetest.Open(t))
	query := b.pushOf(t, "loyers")
	w := b.postForm("/oauth2/authorize", with(url.Values{"state": {"x"}}, "client_id", "loyers", "request_uri", query.Get("request_uri")), "")
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || to != "/oauth2/authorize?"+query.Encode() {
		t.Fatalf("%d %s", w.Code, to)
	}
	if got := answered(t, b.get(to)); got.Get("code") == "" || got.Get("state") != "state-1" {
		t.Errorf("%v", got)
	}
}

// security-classes.md 2: of fifty answers at once, with or without pages, one.
func TestPushedRequestIsAnsweredOnceOfFifty(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		query := b.pushOf(t, "loyers")
		race := func(address func(i int) string) {
			t.Helper()
			var codes, pages atomic.Int64
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					w := b.handlerGet(b.cookies, address(i))
					switch to := w.Header().Get("Location"); {
					case strings.Contains(to, "code=loge_ac_"):
						codes.Add(1)
					case w.Code == http.StatusBadRequest && to == "":
						pages.Add(1)
					default:
						t.Errorf("%d %s", w.Code, to)
					}
				})
			}
			wg.Wait()
			if codes.Load() != 1 || pages.Load() != 49 {
				t.Errorf("%d codes and %d pages", codes.Load(), pages.Load())
			}
		}
		race(func(int) string { return "/oauth2/authorize?" + query.Encode() })

		query = b.pushOf(t, "loyers", "prompt", "login")
		var flows []string
		for range 50 {
			flows = append(flows, flowOf(t, b.get("/oauth2/authorize?"+query.Encode())))
		}
		b.signIn(t)
		for _, flow := range flows {
			b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.SetFlowSession(ctx, flow, b.session.ID) })
		}
		race(func(i int) string { return "/oauth2/authorize/suite?demande=" + flows[i] })
	})
}

// Pushed at one replica, answered at another.
func TestPushedRequestIsKnownToEveryReplica(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		b := ready(t, db)
		other := newOP(t, db)
		query := b.pushOf(t, "loyers")
		got := answered(t, other.handlerGet(b.cookies, "/oauth2/authorize?"+query.Encode()))
		if got.Get("code") == "" {
			t.Fatalf("%v", got)
		}
		if tokens := b.token(t, exchange(got.Get("code")), "loyers"); tokens.Access == "" {
			t.Errorf("%+v", tokens)
		}
		wantRefusal(t, "at the first", b.get("/oauth2/authorize?"+query.Encode()))
	})
}

// security-classes.md 15: what cannot be stored is not promised.
func TestPushedRequestFailsWithTheDatabase(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, address string) {
		b := ready(t, storagetest.OpenURL(t, address))
		query := b.pushOf(t, "loyers")
		execute(t, address, "ALTER TABLE pushed_requests RENAME TO broken")
		wantRefused(t, "push", b.push(t, asks("loyers"), "loyers").tokens, 500, "server_error")
		if w := b.get("/oauth2/authorize?" + query.Encode()); w.Code != http.StatusInternalServerError || w.Header().Get("Location") != "" {
			t.Errorf("authorize: %d %s", w.Code, w.Header().Get("Location"))
		}
		execute(t, address, "ALTER TABLE broken RENAME TO pushed_requests")
		if got, w := b.authorize(t, query); got.Get("code") == "" {
			t.Errorf("afterwards: %d %v", w.Code, got)
		}
	})
}

// dump reads a whole table of an SQLite file as text.
func dump(t testing.TB, address, table string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(address, "sqlite:")+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, value := range values {
			fmt.Fprintf(&b, "%s=%s ", columns[i], *value.(*sql.RawBytes))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
