package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

// introspectionType is the typ of signed introspection answers, and in the
// media type's name too (RFC 9701 §5).
const introspectionType = "token-introspection+jwt"

// signedIntrospection is an introspection answer that its receiver can keep as
// evidence (RFC 9701 §5).
type signedIntrospection struct {
	Issuer   string        `json:"iss"`
	Audience string        `json:"aud"`
	Issued   storage.Time  `json:"iat"`
	Found    introspection `json:"token_introspection"`
}

// introspectionAlg is what the answer to this client is signed with, "" for
// plain JSON: what it is registered for, else RS256 when it asks for a signed one
// (RFC 9701 §4 and §6).
func introspectionAlg(r *http.Request, c *client) string {
	if alg := c.Metadata.IntrospectionSignedResponseAlg; alg != "" {
		return alg
	}
	for _, accepted := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(accepted)
		if err == nil && media == "application/"+introspectionType && (params["q"] == "" || strings.Trim(params["q"], "0.") != "") {
			return string(jose.RS256)
		}
	}
	return ""
}

// writeClaims answers userinfo, signed where the client is registered for that
// (Core §5.3.2). The signed form has no typ: Core gives it none, and without one
// nobody, we included, takes it for an ID token.
func (p *Provider) writeClaims(ctx context.Context, w http.ResponseWriter, claims facts, h *storage.TokenHolder) error {
	alg := h.Client.UserinfoSignedResponseAlg
	if alg != "" {
		return p.writeSigned(ctx, w, alg, "", append(claims, fact{"iss", p.Issuer}, fact{"aud", h.Token.ClientID}))
	}
	text, err := claims.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode claims: %w", err)
	}
	writeText(w, http.StatusOK, text)
	return nil
}

// writeSigned answers with a JWT that nobody may keep. With an error nothing is
// written.
func (p *Provider) writeSigned(ctx context.Context, w http.ResponseWriter, alg, typ string, body any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	signed, err := p.signAs(ctx, alg, typ, payload)
	if err != nil {
		return err
	}
	media := "application/jwt"
	if typ != "" {
		media = "application/" + typ
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	serveBytes(w, media, "no-store", []byte(signed))
	return nil
}
