package oauth

import (
	"encoding/json"
	"fmt"
	"strconv"
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

	asked facts // answers to Claims.IDToken, of the moment the ID token is built

	claims  jwt.IDTokenClaims // fosite writes here; nothing is read from it
	headers jwt.Headers
}

var _ openid.Session = (*record)(nil)

func newRecord(s storage.Session, sub string) *record {
	return &record{Version: recordVersion, User: s.UserID, Sub: sub, Session: s.ID, Time: s.AuthenticatedAt, AMR: s.AMR}
}

// bare tells whether nothing of the record is set but what every sign-in has,
// and whether all of that is plain.
func (r *record) bare() bool {
	return r.Version == recordVersion && r.Confirm == confirmation{} && len(r.Resources) == 0 && len(r.Claims.UserInfo)+len(r.Claims.IDToken) == 0 &&
		plain(r.User) && plain(r.Sub) && plain(r.Session) && plain(r.AMR)
}

// These are what stands before each member of a bare record, and after them all.
const (
	recordStart   = `{"v":1,"u":` // recordVersion
	recordSub     = `,"p":`
	recordSession = `,"s":`
	recordTime    = `,"t":`
	recordAMR     = `,"m":`
	recordEnd     = `}`
)

func (r *record) encode() (string, error) {
	if !r.bare() {
		text, err := json.Marshal(r)
		if err != nil {
			return "", fmt.Errorf("encode session record: %w", err)
		}
		return string(text), nil
	}
	text := appendMember(make([]byte, 0, 256), recordStart, r.User)
	text = appendMember(text, recordSub, r.Sub)
	text = appendMember(text, recordSession, r.Session)
	text = strconv.AppendInt(append(text, recordTime...), int64(r.Time), 10)
	if r.AMR != "" {
		text = appendMember(text, recordAMR, r.AMR)
	}
	return string(append(text, recordEnd...)), nil
}

func (r *record) decode(text string) error {
	if r.decodeBare(text) {
		return nil
	}
	read := *r // so that r itself does not have to live on the heap
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return fmt.Errorf("decode session record: %w", err)
	}
	if read.Version < 1 || read.Version > recordVersion {
		return fmt.Errorf("decode session record: version %d is unknown here", read.Version)
	}
	*r = read
	return nil
}

// decodeBare reads a bare record as encode writes it. Anything else it leaves.
func (r *record) decodeBare(text string) bool {
	var user, sub, session, amr string
	var at storage.Time
	rest := unread(text)
	if !rest.text(recordStart, &user) || !rest.text(recordSub, &sub) || !rest.text(recordSession, &session) || !rest.time(recordTime, &at) {
		return false
	}
	rest.text(recordAMR, &amr) // not in every record
	if rest != recordEnd {
		return false
	}
	r.Version, r.User, r.Sub, r.Session, r.Time, r.AMR = recordVersion, user, sub, session, at, amr
	return true
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
