package oauth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
	"loge/storage/storagetest"
)

// A hint that is not ours is no hint, and costs the redirect: we ask, and after
// the button we stay here.
func TestUnverifiableHintIsNoRedirect(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	other := newOPWith(t, storagetest.Open(t), strings.Repeat("another master ", 3))
	other.client(t, "loyers", nil)
	stranger := other.person(t, nil).signIn(t).consents(t, "loyers", "openid email").idToken(t, "loyers")
	part := strings.Split(hint, ".")
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		t.Fatal(err)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part[1] + "."
	signedWith := func(alg jose.SignatureAlgorithm, key any, kid string) string {
		options := (&jose.SignerOptions{}).WithType("JWT")
		if kid != "" {
			options = options.WithHeader("kid", kid)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	header, err := jose.ParseSigned(hint)
	if err != nil {
		t.Fatal(err)
	}
	kid := header.Signatures[0].Header.KeyID
	for name, bad := range map[string]string{
		"not a token": "x", "alg none": none, "none and signature": none + part[2], "another provider's": stranger,
		"signed with the client's secret": signedWith(jose.HS256, []byte(secretOf), ""), "… under our kid": signedWith(jose.HS256, []byte(secretOf), kid),
		"wrong signature": part[0] + "." + part[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256)),
		"cut":             hint[:len(hint)-4], "changed claims": part[0] + "." + base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte("loyers"), []byte("autre"), 1)) + "." + part[2],
	} {
		for _, pairs := range [][]string{{}, {"client_id", "loyers"}} {
			w := b.logout(append(pairs, "id_token_hint", bad, "post_logout_redirect_uri", afterLogout, "state", "s")...)
			wantPage(t, name, w, 200, asksPage)
			if strings.Contains(w.Body.String(), "loyers.example") || strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self' https:") {
				t.Errorf("%s: the page carries the address", name)
			}
			if b.ended(t) {
				t.Fatalf("%s ended the session", name)
			}
		}
	}
	w := b.logout("client_id", "loyers", "id_token_hint", none, "post_logout_redirect_uri", afterLogout)
	wantPage(t, "after the button", b.press(t, w), 200, donePage)
	if !b.ended(t) {
		t.Error("the button did not end the session")
	}
}

// An old ID token is a good hint, and so is one under a key that signs no more.
func TestExpiredHintUnderARotatedKeyIsAccepted(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	b.advance(20 * time.Minute) // the ID token lived five
	k, err := b.NewKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	k.Generation, k.SignsFrom = 2, b.at()
	b.write(t, func(ctx context.Context, q *storage.Queries) error { return q.AddSigningKey(ctx, k) })
	b.advance(5 * time.Minute)
	wantReturn(t, "logout", b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout), afterLogout)
	if !b.ended(t) {
		t.Error("the session goes on")
	}
}

// Only an ID token is a hint: a logout token is signed by the same key.
func TestLogoutTokenIsNoHint(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	token, err := b.LogoutToken(t.Context(), "loyers", b.user.ID, b.session.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantPage(t, "logout token", b.logout("id_token_hint", token, "post_logout_redirect_uri", afterLogout), 200, asksPage)
	wantReturn(t, "ID token", b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout), afterLogout)
}

// The hint of another session or of another person is not enough.
func TestHintOfAnotherSessionAsksFirst(t *testing.T) {
	b, hint := leaver(t, storagetest.Open(t))
	former := b.session.ID
	b.signIn(t) // another session of the same person in this browser
	w := b.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout)
	wantPage(t, "hint of the former session", w, 200, asksPage)
	somebody := b.person(t, nil).signIn(t)
	wantPage(t, "hint of another person", somebody.logout("id_token_hint", hint, "post_logout_redirect_uri", afterLogout), 200, asksPage)
	if b.ended(t) || somebody.ended(t) {
		t.Fatal("a GET ended the session")
	}
	wantReturn(t, "after the button", b.press(t, w), afterLogout)
	if s, err := b.db.Session(t.Context(), former); err != nil || !b.ended(t) || !s.EndedAt.IsZero() {
		t.Errorf("ended %v, the session of the hint %v, %v; want this browser's only", b.ended(t), s.EndedAt, err)
	}
}
