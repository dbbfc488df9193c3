package secondfactor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// attempt is one code that somebody tries.
type attempt struct {
	address, key, notice string
	thenWait             bool // if it is wrong, a wait begins
}

// count writes the try down as a failure before anything is compared. The fault
// says why nothing may be tried now. The address is written before the person:
// the order in which everybody writes them.
func (s *SecondFactor) count(w http.ResponseWriter, r *http.Request, v session.Visit) (a attempt, fault web.FieldError, err error) {
	keys := throttle.Keys(s.Master.Derive("throttle"))
	a.address, a.key = keys.Address(web.AddressKey(web.ClientAddress(r, s.TrustedProxies))), keys.Factor(v.User.ID)
	a.notice = keys.Notice(a.key)
	ctx, now := r.Context(), s.Now()
	var byAddress, byPerson throttle.Decision
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		if byAddress, err = throttle.Address(ctx, q, a.address, now); err != nil || !byAddress.Allowed {
			return err
		}
		if byPerson, err = s.limits().Attempt(ctx, q, a.key, now); err != nil || byPerson.Allowed {
			return err
		}
		return throttle.RefundAddress(ctx, q, a.address)
	})
	if err != nil {
		return a, fault, fmt.Errorf("count attempt: %w", err)
	}
	a.thenWait = byPerson.ThenWait
	switch {
	case !byAddress.Allowed:
		fault = wait(w, "login.error.address", byAddress)
	case byPerson.Blocked24h:
		fault = wait(w, "login.error.blocked", byPerson)
		fault.Vars = []string{"heure", text.Hour(byPerson.Until)}
	case !byPerson.Allowed:
		fault = wait(w, "login.error.wait", byPerson)
	}
	return a, fault, nil
}

// absolve takes the try back: it was right.
func (s *SecondFactor) absolve(ctx context.Context, q *storage.Queries, a attempt) error {
	return errors.Join(throttle.RefundAddress(ctx, q, a.address), q.ClearFailures(ctx, a.key))
}

// refused notes a wrong code. When a wait begins with it the person is told, at
// most once a day: whoever came so far knows the password.
func (s *SecondFactor) refused(r *http.Request, v session.Visit, a attempt) error {
	ctx, told := r.Context(), false
	err := s.DB.InTx(ctx, func(q *storage.Queries) (err error) {
		if told = false; a.thenWait {
			if told, err = throttle.Notice(ctx, q, a.notice, s.Now()); err != nil {
				return err
			}
		}
		if told {
			if err := q.Notify(ctx, v.User, storage.MessageFactorAttempts, nil, storage.At(s.Now())); err != nil {
				return err
			}
		}
		return q.Audit(ctx, s.event(v, "factor.refused", nil))
	})
	if err != nil {
		return fmt.Errorf("record wrong code: %w", err)
	}
	if told {
		s.Wake()
	}
	return nil
}

func (s *SecondFactor) limits() throttle.Limits {
	return throttle.Limits{PerDay: s.Security.MaxFailuresPerDay}
}

func wait(w http.ResponseWriter, key string, d throttle.Decision) web.FieldError {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(d.Wait.Seconds())))))
	return web.FieldError{Field: "code", Key: key, Vars: []string{"duree", text.Duration(d.Wait)}}
}
