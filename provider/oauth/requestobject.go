package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

const (
	maxRequestObject = 16 << 10 // bytes
	// clockSkew is how far the clocks of clients may be off.
	clockSkew = 10 // seconds
	// maxObjectLife is the longest time between nbf, or now, and exp.
	maxObjectLife = 3600 // seconds
	algNone       = "none"
)

// requestObjectAlgs are the alg of a request object. Discovery §3 wants RS256 and
// none among them; the latter is for clients that are registered for it.
var requestObjectAlgs = append([]string{algNone}, clientAlgs...)

// objectTypes are the typ of a request object (RFC 9101 §10.8). Most libraries
// write none, or JWT.
var objectTypes = []string{"", "jwt", "oauth-authz-req+jwt"}

// badObject refuses a request object, for the client's developer to know why.
func badObject(reason string) *Error {
	return refuse("invalid_request_object", "The request object is refused: "+reason+".")
}

// openObject verifies a request object of a client (RFC 9101, Core §6.1) and
// returns the parameters in it. fosite never sees one: it ignores issuer,
// audience and types, and takes unsigned ones.
func (p *Provider) openObject(ctx context.Context, c storage.Client, object string) (parameters, error) {
	header, payload, err := splitObject(object)
	if err != nil {
		return parameters{}, err
	}
	registered := c.Metadata.RequestObjectSigningAlg
	switch {
	case registered != "" && algName(header.Algorithm) != algName(registered):
		return parameters{}, badObject("the client is registered for " + registered)
	case header.Algorithm == algNone && c.Metadata.RequireSignedRequestObject:
		return parameters{}, badObject("it is not signed")
	case header.Algorithm == algNone && registered == "":
		// Core §3.1.2.6: for this client, an unsigned one is not supported.
		return parameters{}, refuse("request_not_supported", "The client is not registered for unsigned request objects (request_object_signing_alg none).")
	case !slices.Contains(requestObjectAlgs, header.Algorithm):
		return parameters{}, badObject("its alg is none of " + strings.Join(clientAlgs, ", "))
	case header.Algorithm != algNone:
		if payload, err = p.verifyObject(ctx, c, object, header); err != nil {
			return parameters{}, err
		}
	}
	members, err := readObject(payload)
	if err != nil {
		return parameters{}, err
	}
	if err := p.checkObject(members, c, header.Algorithm != algNone); err != nil {
		return parameters{}, err
	}
	return objectParameters(members)
}

// objectHeader is the JOSE header, as far as it is looked at here.
type objectHeader struct {
	Algorithm string          `json:"alg"`
	KeyID     string          `json:"kid"`
	Type      string          `json:"typ"`
	Critical  json.RawMessage `json:"crit"`
}

// splitObject reads the compact form without believing any of it.
func splitObject(object string) (header objectHeader, payload []byte, err error) {
	if len(object) > maxRequestObject {
		return header, nil, badObject("it is too long")
	}
	parts := strings.Split(object, ".")
	if len(parts) != 3 {
		return header, nil, badObject("it is not a JWS in compact form; encryption is not supported")
	}
	text, headErr := b64.DecodeString(parts[0])
	payload, bodyErr := b64.DecodeString(parts[1])
	_, signErr := b64.DecodeString(parts[2])
	if err := errors.Join(headErr, bodyErr, signErr); err != nil {
		return header, nil, badObject("it is not base64url")
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return header, nil, badObject("its header is not JSON")
	}
	typ := strings.TrimPrefix(strings.ToLower(header.Type), "application/")
	switch {
	case header.Critical != nil:
		return header, nil, badObject("its crit is not supported")
	case !slices.Contains(objectTypes, typ):
		return header, nil, badObject("its typ is not oauth-authz-req+jwt")
	case header.Algorithm == algNone && parts[2] != "":
		return header, nil, badObject("it has alg none and a signature")
	}
	return header, payload, nil
}

// verifyObject tries the client's keys.
func (p *Provider) verifyObject(ctx context.Context, c storage.Client, object string, header objectHeader) ([]byte, error) {
	signed, err := jose.ParseSigned(object)
	if err != nil {
		return nil, badObject("it is not a JWS")
	}
	if signed.Signatures[0].Protected.Algorithm != header.Algorithm {
		return nil, badObject("it has two algs")
	}
	keys, err := p.clientKeys(ctx, c, header.KeyID, header.Algorithm)
	if err != nil {
		return nil, &Error{Code: "invalid_request_object", Description: "The keys of the client cannot be read.", Err: err}
	}
	for _, key := range keys {
		if payload, err := openSigned(object, signed, key); err == nil {
			return payload, nil
		}
	}
	return nil, badObject("its signature is by no key of the client")
}

// readObject reads the members of a JSON object, each once.
func readObject(payload []byte) (map[string]json.RawMessage, error) {
	errJSON := badObject("its payload is not a JSON object")
	if !utf8.Valid(payload) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errJSON
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errJSON
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errJSON
		}
		if _, twice := members[name.(string)]; twice {
			return nil, badObject("a member is there twice")
		}
		if members[name.(string)] = value; len(members) > maxParameters {
			return nil, badObject("it has too many members")
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return members, nil
}

// objectClaims are the members that say whose the object is, for whom, and when.
type objectClaims struct {
	Issuer    *string  `json:"iss"`
	Subject   *string  `json:"sub"`
	Audience  audience `json:"aud"`
	ClientID  string   `json:"client_id"`
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
	Issued    *float64 `json:"iat"`
}

// audience is one name or a list.
type audience []string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// checkObject checks those members. A signed object must name issuer, audience
// and end; of an unsigned one only what it says is checked: anybody can write it.
func (p *Provider) checkObject(members map[string]json.RawMessage, c storage.Client, signed bool) error {
	var said objectClaims
	for name, into := range map[string]any{"iss": &said.Issuer, "sub": &said.Subject, "aud": &said.Audience, "client_id": &said.ClientID,
		"exp": &said.Expires, "nbf": &said.NotBefore, "iat": &said.Issued} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, into) != nil {
			return badObject("its " + name + " has the wrong type")
		}
	}
	now := float64(p.Now().Unix())
	for _, name := range []string{"request", "request_uri"} {
		if _, ok := members[name]; ok {
			return badObject("it has a " + name + " in it")
		}
	}
	switch {
	case said.ClientID != c.ID:
		return badObject("its client_id is not that of the client")
	case said.Subject != nil && *said.Subject == c.ID:
		return badObject("its sub makes it a client assertion") // RFC 9101 §10.8
	case said.Issuer == nil && signed, said.Issuer != nil && *said.Issuer != c.ID:
		return badObject("its iss is not the client_id")
	case len(said.Audience) == 0 && signed, len(said.Audience) > 0 && !slices.Contains(said.Audience, p.Issuer):
		return badObject("its aud is not " + p.Issuer)
	case said.Expires == nil && signed:
		return badObject("its exp is missing")
	}
	return checkTimes(said, now)
}

// checkTimes allows for the skew of two clocks.
func checkTimes(said objectClaims, now float64) error {
	from := now + clockSkew
	if said.NotBefore != nil {
		from = *said.NotBefore
	}
	switch {
	case said.Expires != nil && *said.Expires <= now-clockSkew:
		return badObject("it has expired")
	case said.NotBefore != nil && *said.NotBefore > now+clockSkew:
		return badObject("its nbf is in the future")
	case said.Issued != nil && *said.Issued > now+clockSkew:
		return badObject("its iat is in the future")
	case said.Expires != nil && *said.Expires-from > maxObjectLife:
		return badObject(fmt.Sprintf("it is valid for longer than %d minutes", maxObjectLife/60))
	}
	return nil
}

// objectParameters turns members into parameters. Text is text; max_age is a
// number, claims an object, and resource may be a list. Anything else is not a
// parameter, and a parameter of another type is refused.
func objectParameters(members map[string]json.RawMessage) (parameters, error) {
	params := parameters{values: url.Values{}, repeated: map[string]bool{}}
	for name, raw := range members {
		if slices.Contains(jwtClaims, name) {
			continue
		}
		values, ok := parameterValues(name, raw)
		if !ok && slices.Contains(requestParameters, name) {
			return params, badObject("its " + name + " has the wrong type")
		}
		if !clean(strings.Join(values, "")) {
			return params, badObject("it has a NUL in it")
		}
		if values = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(values) > 0 {
			params.values[name] = values
		}
	}
	return params, nil
}

// jwtClaims belong to the object and not to the request.
var jwtClaims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// requestParameters are those whose type matters; unknown ones are ignored.
var requestParameters = []string{"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "response_mode", "prompt", "max_age",
	"display", "ui_locales", "claims_locales", "id_token_hint", "login_hint", "acr_values", "claims", "code_challenge", "code_challenge_method",
	"dpop_jkt", "resource", "registration"}

func parameterValues(name string, raw json.RawMessage) ([]string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && raw[0] == '"' {
		return []string{text}, true
	}
	switch name {
	case "max_age":
		var number float64
		ok := json.Unmarshal(raw, &number) == nil && raw[0] != 'n' && number == math.Trunc(number)
		return []string{string(raw)}, ok
	case "claims", "registration":
		return []string{string(raw)}, raw[0] == '{'
	case "resource":
		var list []string
		ok := json.Unmarshal(raw, &list) == nil && raw[0] == '['
		return list, ok
	}
	return nil, false
}
