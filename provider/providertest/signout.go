package providertest

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"

	"loge/storage"
)

// SignedOut is one call at the partner's backchannel_logout_uri, as go-oidc
// understands it.
type SignedOut struct {
	Token *oidc.LogoutToken
	Err   error
}

// SignedOut returns what the partner was told of sign-outs.
func (rp *Partner) SignedOut() []SignedOut {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return append([]SignedOut(nil), rp.signedOut...)
}

// handleSignOut adds the addresses of a sign-out: /leave starts it here,
// /left is where the browser comes back, /told is where the provider posts.
func (rp *Partner) handleSignOut(mux *http.ServeMux) {
	mux.HandleFunc("GET /leave", rp.leave)
	mux.HandleFunc("GET /left", rp.left)
	mux.HandleFunc("POST /told", rp.told)
}

// leave sends the browser to the end_session_endpoint with the latest ID token.
func (rp *Partner) leave(w http.ResponseWriter, r *http.Request) {
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := rp.provider.Claims(&metadata); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	last, state := rp.Last(), storage.NewID()
	hint, _ := last.Token.Extra("id_token").(string)
	rp.mu.Lock()
	rp.leaving[state] = true
	rp.mu.Unlock()
	query := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {rp.URL + "/left"}, "state": {state}}
	http.Redirect(w, r, metadata.EndSession+"?"+query.Encode(), http.StatusFound)
}

func (rp *Partner) left(w http.ResponseWriter, r *http.Request) {
	rp.mu.Lock()
	known := rp.leaving[r.URL.Query().Get("state")]
	rp.mu.Unlock()
	if !known || len(r.URL.Query()) != 1 {
		http.Error(w, "unknown state", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<h1>Parti</h1>")
}

func (rp *Partner) told(w http.ResponseWriter, r *http.Request) {
	token, err := rp.verifier.VerifyLogout(r.Context(), r.PostFormValue("logout_token"))
	rp.mu.Lock()
	rp.signedOut = append(rp.signedOut, SignedOut{token, err})
	rp.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}
