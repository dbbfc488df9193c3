package self

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"loge/provider/password"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// prove compares the current password that the person typed. It is throttled as
// the sign-in is, by the same counters: whoever sits down at an open page may
// guess no more often than at the door. The try is counted before it is looked
// at, and given back when it was right.
//
// The fault is what the page says, the zero value when the password is right.
// password.ErrBusy: it was not looked at.
func (s *Self) prove(w http.ResponseWriter, r *http.Request, v session.Visit, typed string) (web.FieldError, error) {
	const field = "mot_de_passe"
	if typed == "" {
		return web.FieldError{Field: field, Key: "self.error.current_missing"}, nil
	}
	ctx := r.Context()
	keys := throttle.Keys(s.Master.Derive("throttle"))
	address, key := keys.Address(web.AddressKey(web.ClientAddress(r, s.TrustedProxies))), keys.User(v.User.ID)
	known, err := s.Sessions.Known(r, v.User.ID)
	if err != nil {
		return web.FieldError{}, err
	}
	if known != "" {
		key = keys.KnownBrowser(v.User.ID, known)
	}
	byAddress, byAccount, err := s.count(ctx, address, key)
	if err != nil {
		return web.FieldError{}, fmt.Errorf("count attempt: %w", err)
	}
	switch {
	case !byAddress.Allowed:
		return wait(w, field, "login.error.address", byAddress), nil
	case byAccount.Blocked24h:
		fault := wait(w, field, "login.error.blocked", byAccount)
		fault.Vars = []string{"heure", text.Hour(byAccount.Until)}
		return fault, nil
	case !byAccount.Allowed:
		return wait(w, field, "login.error.wait", byAccount), nil
	}
	right, _, err := s.Hasher.Verify(ctx, v.User.PasswordHash, typed)
	if err != nil {
		give := s.DB.InTx(context.WithoutCancel(ctx), func(q *storage.Queries) error {
			return errors.Join(throttle.RefundAddress(ctx, q, address), s.limits().Refund(ctx, q, key))
		})
		return web.FieldError{}, errors.Join(fmt.Errorf("verify password: %w", err), give)
	}
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if !right {
			return q.Audit(ctx, s.event(v, "password.refused", map[string]string{"session": v.Session.ID}))
		}
		return errors.Join(throttle.RefundAddress(ctx, q, address), q.ClearFailures(ctx, key))
	})
	if err != nil {
		return web.FieldError{}, fmt.Errorf("record the proof: %w", err)
	}
	if !right {
		return web.FieldError{Field: field, Key: "self.error.current_wrong"}, nil
	}
	return web.FieldError{}, nil
}

// count writes a failure down under both counters, the address first: the order
// in which everybody writes them. A wait of the account costs the address nothing.
func (s *Self) count(ctx context.Context, address, key string) (byAddress, byAccount throttle.Decision, err error) {
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if byAddress, err = throttle.Address(ctx, q, address, s.Now()); err != nil || !byAddress.Allowed {
			return err
		}
		if byAccount, err = s.limits().Attempt(ctx, q, key, s.Now()); err != nil || byAccount.Allowed {
			return err
		}
		return throttle.RefundAddress(ctx, q, address)
	})
	return byAddress, byAccount, err
}

func (s *Self) limits() throttle.Limits {
	return throttle.Limits{PerDay: s.Security.MaxFailuresPerDay}
}

func wait(w http.ResponseWriter, field, key string, d throttle.Decision) web.FieldError {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(d.Wait.Seconds())))))
	return web.FieldError{Field: field, Key: key, Vars: []string{"duree", text.Duration(d.Wait)}}
}

// busy turns a full queue of passwords into a page that asks to come back.
func busy(w http.ResponseWriter, err error) error {
	if !errors.Is(err, password.ErrBusy) {
		return err
	}
	w.Header().Set("Retry-After", "5")
	return &web.Error{Status: http.StatusServiceUnavailable, Message: "error.internal", Err: err}
}
