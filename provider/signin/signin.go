package signin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/google/uuid"

	"loge/provider/config"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// Signin is the pages of the sign-in. All fields are needed.
type Signin struct {
	DB             *storage.DB
	Sessions       *session.Manager
	Pages          *web.Pages
	Hasher         *password.Hasher
	Master         secret.Master
	Issuer         string // as applications know us
	Service        config.Service
	Security       config.Security
	TrustedProxies []netip.Prefix
	PasswordList   *password.List // what nobody may choose; nil: the embedded list
	Now            func() time.Time
	// OwnPage returns an address to which somebody may be sent back, "" for all
	// that are not pages of signed-in people.
	OwnPage func(address string) string
	Wake    func() // has waiting messages leave at once
}

const (
	// suitePath is where who does not know whose turn it is sends the browser.
	suitePath = "/connexion/suite"
	// flowEnd is where a finished sign-in returns to the application.
	flowEnd = "/oauth2/authorize/suite"
)

// visit is one request to one page.
type visit struct {
	facts
	Demande string     // id of the running request as it came; "" = none
	Page    string     // our own page that asked for the sign-in, "" = none; then there is no request
	Form    url.Values // of a POST
	Expired bool       // there was a session, and it has expired
}

type handler func(w http.ResponseWriter, r *http.Request, v visit) error

// turn runs h when it is that step's turn. Otherwise nothing is stored and the
// browser is sent to the step whose turn it is.
func (s *Signin) turn(w http.ResponseWriter, r *http.Request, step Step, h handler) error {
	return s.arrive(w, r, func(w http.ResponseWriter, r *http.Request, v visit) error {
		if step == Done && v.Flow.ID == "" {
			v.Page = s.OwnPage(web.PageOf(r)) // whoever has to sign in for it comes back to it
		}
		if next := Next(v.State); next != step {
			return s.leave(w, r, v, next)
		}
		return h(w, r, v)
	})
}

// arrive reads the request and the facts, answers those who may not be here,
// and runs h for the others.
func (s *Signin) arrive(w http.ResponseWriter, r *http.Request, h handler) error {
	v, err := s.visit(w, r)
	if err != nil {
		return err
	}
	if v.lost() {
		return s.flowExpired(w, r, v)
	}
	if page := v.barred(); page != "" {
		return s.bar(w, r, v, page)
	}
	if v.lapsed(s.Now()) {
		return s.lapse(w, r, v)
	}
	return h(w, r, v)
}

// visit reads form, flow and session of a request.
func (s *Signin) visit(w http.ResponseWriter, r *http.Request) (v visit, err error) {
	if r.Method == http.MethodPost {
		if v.Form, err = web.Form(w, r); err != nil {
			return v, err
		}
		v.Demande = v.Form.Get("demande")
	} else {
		v.Demande = r.URL.Query().Get("demande")
	}
	v.Page = s.OwnPage(v.Demande)
	flow, err := s.flow(r, v.Demande)
	if err != nil {
		return v, err
	}
	current, err := s.Sessions.Current(r, flow.ClientID)
	switch {
	case errors.Is(err, session.ErrExpired):
		v.Expired = true
	case errors.Is(err, session.ErrNone):
	case err != nil:
		return v, err
	}
	v.facts, err = s.gather(r.Context(), current, flow)
	return v, err
}

// flow returns this browser's running flow; ID "" when there is none by that id.
func (s *Signin) flow(r *http.Request, demande string) (storage.Flow, error) {
	browser, ok := s.Sessions.BrowserOf(r)
	if !ok || uuid.Validate(demande) != nil {
		return storage.Flow{}, nil
	}
	flow, err := s.DB.FlowOfBrowser(r.Context(), demande, browser, storage.At(s.Now()))
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Flow{}, nil
	}
	if err != nil {
		return storage.Flow{}, fmt.Errorf("load flow: %w", err)
	}
	return flow, nil
}

// leave sends the browser to a step, or to the end when none is left. A session
// that has expired is told first, once.
func (s *Signin) leave(w http.ResponseWriter, r *http.Request, v visit, next Step) error {
	switch {
	case v.Expired && next == Login:
		return s.expired(w, r, v)
	case next == Done && v.Flow.ID != "":
		web.SeeOther(w, r, v.with(flowEnd))
	case next == Done && v.Page != "":
		web.SeeOther(w, r, v.Page)
	default:
		web.SeeOther(w, r, v.with(next.path()))
	}
	return nil
}

// Onward ends a step that has stored its outcome; demande is what it was about.
// It gives the answer that the browser would have to fetch at suitePath: each
// redirect less is a second less for who is far from a mast. The last one, to
// flowEnd, stays: a form sent twice, by an impatient finger, must find its request
// unfinished.
func (s *Signin) Onward(w http.ResponseWriter, r *http.Request, demande string) error {
	next, err := web.Next(w, r, web.AddressFor(suitePath, demande))
	if err != nil {
		return err
	}
	return s.Suite(w, next)
}

func (s *Signin) onward(w http.ResponseWriter, r *http.Request, v visit) error {
	return s.Onward(w, r, v.request())
}

// request is what the pages carry on as demande: the running request, or the
// page of ours that asked for the sign-in; "" = neither.
func (v visit) request() string { return cmp.Or(v.Flow.ID, v.Page) }

// lost says that the request is finished, too old or another browser's.
func (v visit) lost() bool { return v.Demande != "" && v.request() == "" }

// with adds the running request to one of our paths.
func (v visit) with(path string) string { return web.AddressFor(path, v.request()) }

// render shows a page of the sign-in. Every one of them may end at the
// application, by the redirects that follow its form, and warns before the
// session of the visit ends.
func (s *Signin) render(w http.ResponseWriter, r *http.Request, v visit, view web.View) error {
	view.Redirects, view.TimeLimit = v.Flow.RedirectURI, s.timeLimit(v)
	view.Department = cmp.Or(view.Department, v.Account.Department)
	if view.SignedIn = v.Session.ID != "" && Next(v.State) == Done; view.SignedIn {
		view.Number = v.Account.Number
	}
	return s.Pages.Render(w, r, view)
}

// stepPage is what every step's page has.
type stepPage struct {
	Flow  string // id of the running request, "" = none
	Step  int    // 1 to 4, 0 = not part of a first sign-in
	Until string // last day of the provisional password, "" = none
}

func (v visit) page(step int) stepPage {
	p := stepPage{Flow: v.request(), Step: step}
	if v.Provisional.ID != "" {
		p.Until = lastDay(v.Provisional)
	}
	return p
}

// lastDay is how people are told the end of a provisional password, which is the
// first second at which it is refused.
func lastDay(p storage.Provisional) string { return text.Date(p.ExpiresAt.Time().Add(-time.Second)) }
