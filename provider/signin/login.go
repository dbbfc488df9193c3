package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"loge/provider/account"
	"loge/provider/factor"
	"loge/provider/password"
	"loge/provider/text"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

type loginPage struct {
	Flow        string
	Application string // which asked for the sign-in, "" = none
	Present     string // numéro utilisateur of who is signed in and wants another account, "" = nobody
}

// Login asks for identifier and password. It gives the browser its flow cookie,
// by whose absence SubmitLogin notices that cookies are refused.
func (s *Signin) Login(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Login, func(w http.ResponseWriter, r *http.Request, v visit) error {
		typed := url.Values{}
		if identifier, err := account.NormalizeIdentifier(v.Flow.LoginHint); err == nil {
			typed.Set("identifiant", account.FormatIdentifier(identifier))
		}
		return s.showLogin(w, r, v, http.StatusOK, nil, typed)
	})
}

func (s *Signin) showLogin(w http.ResponseWriter, r *http.Request, v visit, status int, faults web.FieldErrors, typed url.Values) error {
	if _, err := s.Sessions.Browser(w, r); err != nil {
		return err
	}
	application, err := s.application(r.Context(), v.Flow)
	if err != nil {
		return err
	}
	page := loginPage{Flow: v.request(), Application: application}
	if v.Flow.ID == "" && v.Session.ID != "" && Next(v.State) == Done {
		page.Present = v.Account.Number
	}
	return s.render(w, r, v, web.View{Template: "login", Status: status, Errors: faults, Values: typed, Data: page})
}

// SubmitLogin signs in. It does not ask whose turn it is: whoever types a
// password is that person from now on, whoever sat here before.
//
// A known, an unknown and a suspended user, with or without a password of his
// own, cost the same work and get the same answer unless the secret is right.
func (s *Signin) SubmitLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visit(w, r)
	if err != nil {
		return err
	}
	refuse := func(status int, faults ...web.FieldError) error {
		return s.showLogin(w, r, v, status, faults, v.Form)
	}
	if _, ok := s.Sessions.BrowserOf(r); !ok {
		return refuse(http.StatusUnprocessableEntity, web.FieldError{Key: "login.error.cookies"})
	}
	if v.lost() {
		return s.flowExpired(w, r, v)
	}
	if faults := missing(v.Form); len(faults) > 0 {
		return refuse(http.StatusUnprocessableEntity, faults...)
	}
	typed := v.Form.Get("mot_de_passe")
	a, err := s.attempt(r, v.Form.Get("identifiant"), typed)
	if err != nil {
		return err
	}
	count, err := s.count(r.Context(), &a)
	if err != nil {
		return fmt.Errorf("count attempt: %w", err)
	}
	if fault, wait := count.fault(); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		return refuse(http.StatusTooManyRequests, fault)
	}
	p, err := s.prove(r.Context(), a, typed)
	if err != nil {
		return s.notLookedAt(w, r, a, err)
	}
	if !p.right() {
		if err := s.failed(r.Context(), a, count.account); err != nil {
			return err
		}
		return refuse(http.StatusUnprocessableEntity, wrong(count.account, typed)...)
	}
	return s.proven(w, r, v, a, p, count)
}

// proven goes on after a right secret: in, or to the page that says why not.
func (s *Signin) proven(w http.ResponseWriter, r *http.Request, v visit, a attempt, p proof, count counted) error {
	owner, err := s.DB.Account(r.Context(), a.user.AccountID)
	if err != nil {
		return fmt.Errorf("load account: %w", err)
	}
	if page := barred(a.user, owner, !p.own); page != "" || p.expired.ID != "" {
		if err := s.absolve(r.Context(), a, p, page); err != nil {
			return err
		}
		if page == "" {
			return s.provisionalExpired(w, r, v, cmp.Or(a.user.Email, owner.CredentialsEmail()), p.expired)
		}
		return s.render(w, r, v, web.View{Template: page, Status: http.StatusForbidden, Department: owner.Department, Data: stepPage{Flow: v.request()}})
	}
	cookies, err := s.open(r, v, a, p)
	if errors.Is(err, storage.ErrNotFound) { // the password was changed while we looked at the old one
		return s.showLogin(w, r, v, http.StatusUnprocessableEntity, wrong(count.account, v.Form.Get("mot_de_passe")), v.Form)
	}
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	for _, cookie := range cookies {
		http.SetCookie(w, cookie)
	}
	return s.onward(w, r, v)
}

// open signs the person in: what was counted is given back, a session begins,
// and the browser is known from now on if the password is the person's own.
func (s *Signin) open(r *http.Request, v visit, a attempt, p proof) (cookies []*http.Cookie, err error) {
	ctx, now := r.Context(), storage.At(s.Now())
	if err := s.rest(r, &v); err != nil {
		return nil, err
	}
	rehashed := s.rehash(ctx, p, v.Form.Get("mot_de_passe"))
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := errors.Join(throttle.RefundAddress(ctx, q, a.addressKey), q.ClearFailures(ctx, a.accountKey)); err != nil {
			return err
		}
		if err := q.RecordSignIn(ctx, a.user, now); err != nil {
			return err
		}
		if rehashed != "" {
			if err := q.RehashPassword(ctx, a.user.ID, a.user.PasswordHash, rehashed); err != nil {
				return err
			}
		}
		opened, cookie, err := s.enter(r, q, v.Session, storage.Session{UserID: a.user.ID, ProvisionalID: p.live.ID, AMR: factor.MethodPassword})
		if err != nil {
			return err
		}
		cookies = []*http.Cookie{cookie}
		if p.own {
			device, err := s.Sessions.Remember(ctx, q, r, a.user.ID)
			if err != nil {
				return err
			}
			cookies = append(cookies, device)
			if err := s.newDevice(r, q, a); err != nil {
				return err
			}
		}
		if v.Flow.ID != "" {
			if err := q.SetFlowSession(ctx, v.Flow.ID, opened.ID); err != nil {
				return err
			}
		}
		return q.Audit(ctx, s.event(a.user, "signin.succeeded", map[string]string{"session": opened.ID, "with": p.kind()}))
	})
	return cookies, err
}

// enter begins the session that next describes. The one this browser had, idle
// or not, ends, unless the same person only proved again who he is: then it goes on, and the
// applications opened in it are not signed out.
func (s *Signin) enter(r *http.Request, q *storage.Queries, former, next storage.Session) (storage.Session, *http.Cookie, error) {
	ctx := r.Context()
	if former.ID != "" && former.UserID == next.UserID && former.ProvisionalID == "" && next.ProvisionalID == "" {
		former.AMR = next.AMR
		return s.Sessions.Renew(ctx, q, r, former)
	}
	if former.ID != "" {
		if err := s.Sessions.End(ctx, q, former.ID); err != nil {
			return former, nil, err
		}
	}
	return s.Sessions.Start(ctx, q, r, next)
}

func missing(form url.Values) (faults web.FieldErrors) {
	if form.Get("identifiant") == "" {
		faults = append(faults, web.FieldError{Field: "identifiant", Key: "login.error.identifier_missing"})
	}
	if form.Get("mot_de_passe") == "" {
		faults = append(faults, web.FieldError{Field: "mot_de_passe", Key: "login.error.password_missing"})
	}
	return faults
}

// wrong tells apart what cannot be a provisional password although it looks like
// one: that follows from the text alone, whoever it is for.
func wrong(d throttle.Decision, typed string) web.FieldErrors {
	faults := web.FieldErrors{{Key: "login.error.wrong"}}
	switch slip, n := password.Misread(typed); slip {
	case password.WrongLength:
		faults = append(faults, web.FieldError{Key: "login.error.slip_length", Vars: []string{"n", strconv.Itoa(n)}})
	case password.WrongSign:
		faults = append(faults, web.FieldError{Key: "login.error.slip_sign"})
	}
	if d.ShowForgotten {
		faults = append(faults, web.FieldError{Key: "login.error.forgotten"})
	}
	return faults
}

// fault says why nothing may be tried now, and for how many seconds; 0 when it may.
func (c counted) fault() (web.FieldError, int) {
	seconds := func(d throttle.Decision) int { return max(1, int(math.Ceil(d.Wait.Seconds()))) }
	switch {
	case !c.address.Allowed:
		return web.FieldError{Key: "login.error.address", Vars: []string{"duree", text.Duration(c.address.Wait)}}, seconds(c.address)
	case c.account.Allowed:
		return web.FieldError{}, 0
	case c.account.Blocked24h:
		return web.FieldError{Key: "login.error.blocked", Vars: []string{"heure", text.Hour(c.account.Until)}}, seconds(c.account)
	}
	return web.FieldError{Key: "login.error.wait", Vars: []string{"duree", text.Duration(c.account.Wait)}}, seconds(c.account)
}

// notLookedAt gives back a try whose password was never compared.
func (s *Signin) notLookedAt(w http.ResponseWriter, r *http.Request, a attempt, cause error) error {
	ctx := context.WithoutCancel(r.Context()) // the person who left early is not to wait later
	if err := s.refund(ctx, a); err != nil {
		return errors.Join(cause, err)
	}
	return s.busy(w, cause)
}
