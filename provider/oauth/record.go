package oauth

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/token/jwt"

	"loge/storage"
)

// recordVersion is written with each record. A later version must go on
// reading the rows of this one: codes and tokens outlive an upgrade.
const recordVersion = 1

// record is fosite's session: what a code or token remembers of the sign-in.
// The rest stands in columns or is computed when it is needed.
type record struct {
	Version int          `json:"v"`
	User    string       `json:"u"`
	Sub     string       `json:"p"`           // what the client calls the user
	Session string       `json:"s"`           // the browser session, sid of ID tokens
	Time    storage.Time `json:"t"`           // of the real sign-in, auth_time
	AMR     string       `json:"m,omitempty"` // space list
	// Confirm is the keys that the code or token asks for.
	Confirm confirmation `json:"cnf,omitzero"`
	// Resources were asked for (RFC 8707); the tokens of the grant are for no others.
	Resources []string `json:"r,omitempty"`
	// Claims were asked by name, and consented to with their scopes.
	Claims claimsRequest `json:"c,omitzero"`

	asked map[string]any // answers to Claims.IDToken, of the moment the ID token is built

	claims  jwt.IDTokenClaims // fosite writes here; nothing is read from it
	headers jwt.Headers
}

var _ openid.Session = (*record)(nil)

func newRecord(s storage.Session, sub string) *record {
	return &record{Version: recordVersion, User: s.UserID, Sub: sub, Session: s.ID, Time: s.AuthenticatedAt, AMR: s.AMR}
}

func (r *record) encode() (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode session record: %w", err)
	}
	return string(text), nil
}

func (r *record) decode(text string) error {
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return fmt.Errorf("decode session record: %w", err)
	}
	if r.Version < 1 || r.Version > recordVersion {
		return fmt.Errorf("decode session record: version %d is unknown here", r.Version)
	}
	return nil
}

// SetExpiresAt does nothing: expiry is a column, written with the provider's
// clock.
func (r *record) SetExpiresAt(fosite.TokenType, time.Time) {}

// GetExpiresAt leaves the decision to the store.
func (r *record) GetExpiresAt(fosite.TokenType) time.Time { return time.Time{} }

func (r *record) GetUsername() string { return "" }
func (r *record) GetSubject() string  { return r.User }

// Clone returns an independent copy: handlers write into sessions.
func (r *record) Clone() fosite.Session {
	if r == nil {
		return nil
	}
	return &record{Version: r.Version, User: r.User, Sub: r.Sub, Session: r.Session, Time: r.Time, AMR: r.AMR, Confirm: r.Confirm, Resources: r.Resources, Claims: r.Claims, asked: r.asked}
}

// IDTokenClaims is a note-pad for fosite, which refuses an empty subject. The
// ID token is built by idTokens.
func (r *record) IDTokenClaims() *jwt.IDTokenClaims {
	r.claims.Subject = r.Sub
	return &r.claims
}

func (r *record) IDTokenHeaders() *jwt.Headers { return &r.headers }
