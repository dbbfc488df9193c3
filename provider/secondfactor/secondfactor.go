package secondfactor

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"loge/provider/config"
	"loge/provider/factor"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// SecondFactor is the pages. All fields are needed.
type SecondFactor struct {
	DB             *storage.DB
	Sessions       *session.Manager
	Pages          *web.Pages
	Master         secret.Master
	Issuer         string
	Service        config.Service
	Security       config.Security
	TrustedProxies []netip.Prefix
	Now            func() time.Time
	Wake           func() // has waiting messages leave at once
	// Onward ends a step of the sign-in.
	Onward func(w http.ResponseWriter, r *http.Request, demande string) error

	box      *secret.Box
	codeKey  []byte
	passkeys *factor.Passkeys // nil: the issuer has no host name, and browsers know none there
}

// New completes s.
func New(s SecondFactor) (*SecondFactor, error) {
	var err error
	if s.box, err = secret.NewBox(s.Master.Derive("factors")); err != nil {
		return nil, err
	}
	s.codeKey = s.Master.Derive("recovery codes")
	if s.passkeys, err = factor.NewPasskeys(s.Issuer, s.Service.Name, s.Master.Derive("passkey handles")); err != nil {
		return nil, err
	}
	return &s, nil
}

// most is how many factors a person may have.
const most = 10

// own is where the pages of « Mon compte » are; inSignIn those of the sign-in.
const (
	own      = "/compte/double-verification"
	inSignIn = "/connexion/double-verification"
)

// base is where the pages that add a factor are for this visit.
func base(v session.Visit) string {
	if v.Step != "" {
		return inSignIn
	}
	return own
}

// common is what each of the pages has.
type common struct {
	Flow   string // what travels as demande, "" = nothing
	Base   string
	Back   string // where leaving without doing anything leads
	Until  string // for the partial that stops a sign-in; nothing is provisional here
	SignIn bool   // a step of the sign-in
}

func (s *SecondFactor) common(v session.Visit) common {
	return common{Flow: v.Request, Base: base(v), Back: web.AddressFor(base(v), v.Request), SignIn: v.Step != ""}
}

func (s *SecondFactor) render(w http.ResponseWriter, r *http.Request, v session.Visit, view web.View) error {
	if v.Step == "" {
		return s.Pages.Render(w, r, v.Page(view))
	}
	view.Department, view.TimeLimit, view.Redirects = v.Account.Department, v.TimeLimit, v.Flow.RedirectURI
	return s.Pages.Render(w, r, view)
}

func (s *SecondFactor) event(v session.Visit, action string, details map[string]string) storage.AuditEvent {
	if details == nil {
		details = map[string]string{}
	}
	details["session"] = v.Session.ID
	return storage.AuditEvent{At: storage.At(s.Now()), Actor: v.User.ID, Action: action, Subject: v.User.ID, Details: details}
}

// factors are the person's, with their sealed contents opened.
func (s *SecondFactor) factors(r *http.Request, v session.Visit) (list []known, err error) {
	rows, err := s.DB.FactorsOf(r.Context(), v.User.ID)
	if err != nil {
		return nil, fmt.Errorf("load factors: %w", err)
	}
	for _, f := range rows {
		k := known{Factor: f}
		plain, err := s.box.Open(f.Data, f.ID)
		if err != nil {
			return nil, fmt.Errorf("open factor %s: %w", f.ID, err)
		}
		if f.Kind == factor.KindPasskey {
			if err := json.Unmarshal(plain, &k.key); err != nil {
				return nil, fmt.Errorf("decode factor %s: %w", f.ID, err)
			}
			k.key.Count = uint32(f.Counter)
		} else {
			k.secret = plain
		}
		list = append(list, k)
	}
	return list, nil
}

// known is a factor of the person.
type known struct {
	storage.Factor
	secret []byte     // of an application
	key    factor.Key // a passkey
}

func of(list []known, kind string) (some []known) {
	for _, k := range list {
		if k.Kind == kind {
			some = append(some, k)
		}
	}
	return some
}

// holder is the person as passkeys know him.
func holder(v session.Visit, list []known) factor.Holder {
	h := factor.Holder{UserID: v.User.ID, Name: v.User.Name()}
	for _, k := range of(list, factor.KindPasskey) {
		h.Keys = append(h.Keys, k.key)
	}
	return h
}

// label is under which name an application of codes lists the account: several
// of them are told apart by the number, and the identifier stays with us.
func label(v session.Visit) string { return v.User.Name() + " " + v.Account.Number }

// seal makes a text of something that a session is to wait for.
func (s *SecondFactor) seal(v session.Visit, plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(s.box.Seal(plain, v.Session.ID))
}

// unseal reads it; false when it was sealed with another master secret.
func (s *SecondFactor) unseal(v session.Visit, sealed string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, false
	}
	plain, err := s.box.Open(b, v.Session.ID)
	return plain, err == nil
}
