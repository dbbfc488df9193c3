package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"loge/provider/factor"
	"loge/storage"
)

// Bounds on the claims parameter.
const (
	maxClaims      = 4096 // bytes
	maxClaimValues = 20   // of one claim
)

// claimsRequest is what was kept of the claims parameter (Core §5.5): claims
// that exist, that the client may ask, and that are not in every answer anyway.
type claimsRequest struct {
	UserInfo claimWishes `json:"userinfo,omitempty"`
	IDToken  claimWishes `json:"id_token,omitempty"`
}

// claimWishes are the claims asked for one place, by name.
type claimWishes map[string]claimWish

// claimWish is how a claim is asked. Without values any will do. A claim asked
// with values that the person does not have is left out.
type claimWish struct {
	Essential bool              `json:"essential,omitempty"`
	Values    []json.RawMessage `json:"values,omitempty"`
}

// accepts says whether the value is one of those asked for.
func (w claimWish) accepts(value any) bool {
	if len(w.Values) == 0 {
		return true
	}
	text, err := json.Marshal(value)
	return err == nil && slices.ContainsFunc(w.Values, func(wanted json.RawMessage) bool { return bytes.Equal(wanted, text) })
}

// UnmarshalJSON reads null, or an object of which it knows essential, value and
// values; the rest is ignored.
func (w *claimWish) UnmarshalJSON(text []byte) error {
	var said *struct {
		Essential bool              `json:"essential"`
		Value     json.RawMessage   `json:"value"`
		Values    []json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(text, &said); err != nil || said == nil {
		return err
	}
	values := said.Values
	if said.Value != nil && !bytes.Equal(said.Value, []byte("null")) {
		values = append(values, said.Value)
	}
	if len(values) > maxClaimValues {
		return errors.New("a claim has too many values")
	}
	*w = claimWish{Essential: said.Essential}
	for _, raw := range values {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return err
		}
		canonical, err := json.Marshal(value)
		if err != nil {
			return err
		}
		w.Values = append(w.Values, canonical)
	}
	return nil
}

// checkClaims reads the claims parameter. It comes after the scopes.
func checkClaims(q *request, params parameters) error {
	text := params.get("claims")
	if text == "" {
		return nil
	}
	if len(text) > maxClaims {
		return refuse("invalid_request", "The claims are too long.")
	}
	// What is not a claim of ours may have any form.
	var asked *struct {
		UserInfo map[string]json.RawMessage `json:"userinfo"`
		IDToken  map[string]json.RawMessage `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(text), &asked); err != nil || asked == nil {
		return errClaims
	}
	var err error
	if q.claims.UserInfo, err = q.wishes(asked.UserInfo, "sub"); err != nil {
		return errClaims
	}
	if q.claims.IDToken, err = q.wishes(asked.IDToken, "sub", "acr"); err != nil {
		return errClaims
	}
	// No sign-in of ours would do (Core §5.5.1.1).
	if acr := q.claims.IDToken["acr"]; acr.Essential && !slices.ContainsFunc(factor.Levels, func(c string) bool { return acr.accepts(c) }) {
		return errContext
	}
	return nil
}

var (
	errClaims  = refuse("invalid_request", "The claims are not the JSON object of OpenID Connect Core 5.5.")
	errContext = refuse("unmet_authentication_requirements", "None of the acr values asked for can be reached.")
	errLevel   = refuse("unmet_authentication_requirements", "The person did not sign in at the level asked for.")
)

// wishes keeps what can be answered: the claims of scopes that the client may
// ask, and those named here, which say who is meant and how.
func (q *request) wishes(asked map[string]json.RawMessage, also ...string) (claimWishes, error) {
	kept := claimWishes{}
	for name, raw := range asked {
		if scope := scopeOf(name); !slices.Contains(also, name) && (scope == "" || !q.client.MayAsk(scope)) {
			continue
		}
		var wish claimWish
		if err := json.Unmarshal(raw, &wish); err != nil {
			return nil, err
		}
		kept[name] = wish
	}
	return kept, nil
}

// scopeOf is the scope that a claim belongs to, "" of an unknown one.
func scopeOf(name string) string {
	for _, c := range claims {
		if c.name == name {
			return c.scope
		}
	}
	return ""
}

// text is the parameter as it is kept, "" without any claim.
func (c claimsRequest) text() string {
	if len(c.UserInfo)+len(c.IDToken) == 0 {
		return ""
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic("encode claims parameter: " + err.Error()) // strings, booleans and JSON that was read
	}
	return string(text)
}

// shared is what the person is asked to share: the scopes, and those that claims
// asked by name belong to.
func (q *request) shared() []string {
	scopes := slices.Clone(q.scopes)
	for _, scope := range offeredScopes {
		if !slices.Contains(scopes, scope) && (q.claims.UserInfo.touch(scope) || q.claims.IDToken.touch(scope)) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func (w claimWishes) touch(scope string) bool {
	for name := range w {
		if scopeOf(name) == scope {
			return true
		}
	}
	return false
}

// released answers the claims asked by name, as far as the person lets the
// client have the scopes that they belong to (space list).
func (w claimWishes) released(consent string, h *storage.Holder) (answer facts) {
	if len(w) == 0 {
		return nil
	}
	for _, claim := range claimsFor(words(consent), h) {
		if wish, asked := w[claim.name]; asked && wish.accepts(claim.value) {
			answer = append(answer, claim)
		}
	}
	return answer
}

// unfit says why a session is not what the request asks for: another person
// signed in than it names, or not well enough. nil: it fits.
func (p *Provider) unfit(q *request, s storage.Session) *Error {
	subject := p.subject(q.client.Client, s.UserID)
	if q.hintSubject != "" && q.hintSubject != subject || !q.claims.UserInfo["sub"].accepts(subject) || !q.claims.IDToken["sub"].accepts(subject) {
		return refuse("login_required", "Another person signed in than the request names.")
	}
	if !reaches(s.AMR, q.level()) {
		return errLevel
	}
	return nil
}

// checkContext keeps the acr_values that exist here. What they mean is for level
// to say.
func checkContext(q *request, params parameters) error {
	for _, acr := range words(params.get("acr_values")) {
		if slices.Contains(factor.Levels, acr) && !slices.Contains(q.contexts, acr) {
			q.contexts = append(q.contexts, acr)
		}
	}
	return nil
}
