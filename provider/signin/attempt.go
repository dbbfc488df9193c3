package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"loge/provider/account"
	"loge/provider/password"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// attempt is one try to sign in, before its secret is looked at.
type attempt struct {
	user       storage.User // ID "" when nobody has the identifier
	accountKey string       // counter of the user, of the browser known to be his, or of the unknown identifier
	codeKey    string       // counter of provisional passwords while that one lets nothing through; "" when none was typed
	codeOnly   bool         // only a provisional password may be right: accountKey is codeKey
	addressKey string       // counter of the network address
	noticeKey  string       // bounds how often the person is told of failures
	known      bool         // the browser is the user's
}

func (s *Signin) attempt(r *http.Request, typed, secret string) (a attempt, err error) {
	keys := throttle.Keys(s.Master.Derive("throttle"))
	a.addressKey = keys.Address(web.AddressKey(web.ClientAddress(r, s.TrustedProxies)))
	identifier, err := account.NormalizeIdentifier(typed)
	if err != nil {
		identifier = typed // nobody has it; it is counted all the same
	}
	a.user, err = s.DB.UserByIdentifier(r.Context(), identifier)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		a.accountKey = keys.Unknown(identifier)
	case err != nil:
		return a, fmt.Errorf("load user: %w", err)
	default:
		a.accountKey = keys.User(a.user.ID)
	}
	a.noticeKey = keys.Notice(a.accountKey)
	if _, ok := password.Normalize(secret); ok {
		a.codeKey = keys.Code(a.accountKey)
	}
	known, err := s.Sessions.Known(r, a.user.ID)
	if err != nil {
		return a, err
	}
	if known != "" {
		a.accountKey, a.known = keys.KnownBrowser(a.user.ID, known), true
	}
	return a, nil
}

// counted is what the counters say to an attempt.
type counted struct {
	address throttle.Decision
	account throttle.Decision
}

// count writes the attempt down as a failure, before anything is compared: a
// hundred guesses at once count as a hundred. A try that an account's wait
// refuses costs the network address nothing. What may be a provisional password
// is tried even then, under a counter of its own: it is how people who asked for
// one come in again.
//
// Whoever writes both counters writes the address first: in another order two
// sign-ins at once would wait for each other, which PostgreSQL ends with an error.
func (s *Signin) count(ctx context.Context, a *attempt) (c counted, err error) {
	key, codeOnly := a.accountKey, false
	err = s.DB.InTx(ctx, func(q *storage.Queries) error {
		now := s.Now()
		if c.address, err = throttle.Address(ctx, q, a.addressKey, now); err != nil || !c.address.Allowed {
			return err
		}
		key, codeOnly = a.accountKey, false // the transaction may run twice
		if c.account, err = s.limits().Attempt(ctx, q, key, now); err != nil || c.account.Allowed {
			return err
		}
		if a.codeKey != "" {
			code, err := s.limits().Attempt(ctx, q, a.codeKey, now)
			if err != nil {
				return err
			}
			if code.Allowed {
				c.account, key, codeOnly = code, a.codeKey, true
				return nil
			}
		}
		return throttle.RefundAddress(ctx, q, a.addressKey)
	})
	a.accountKey, a.codeOnly = key, codeOnly
	return c, err
}

func (s *Signin) limits() throttle.Limits {
	return throttle.Limits{PerDay: s.Security.MaxFailuresPerDay}
}

// refund takes back an attempt that was not looked at.
func (s *Signin) refund(ctx context.Context, a attempt) error {
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		return errors.Join(throttle.RefundAddress(ctx, q, a.addressKey), s.limits().Refund(ctx, q, a.accountKey))
	})
	if err != nil {
		return fmt.Errorf("refund attempt: %w", err)
	}
	return nil
}

// absolve forgets the failures of a person who typed the right secret but may
// not come in: he is told why as often as he asks, and so is the agency by its
// journal. page is the one he sees, "" for an expired provisional password.
func (s *Signin) absolve(ctx context.Context, a attempt, p proof, page string) error {
	reason := "it had expired"
	if page != "" {
		reason = "access is " + page
	}
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := errors.Join(throttle.RefundAddress(ctx, q, a.addressKey), q.ClearFailures(ctx, a.accountKey)); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(a.user, "signin.refused", map[string]string{"with": p.kind(), "reason": reason}))
	})
	if err != nil {
		return fmt.Errorf("clear failures: %w", err)
	}
	return nil
}

// proof is what a typed secret turned out to be.
type proof struct {
	own     bool                // the password the person chose
	rehash  bool                // its hash has former parameters
	live    storage.Provisional // a provisional password that may be consumed; ID "" = it is not
	expired storage.Provisional // one that was right once
}

func (p proof) right() bool { return p.own || p.live.ID != "" || p.expired.ID != "" }

func (p proof) kind() string {
	if p.own {
		return "password"
	}
	return "provisional password"
}

// prove compares the secret with everything it could be. It costs one Argon2id
// computation whoever the user is, nobody included; none when only a provisional
// password may be right.
func (s *Signin) prove(ctx context.Context, a attempt, typed string) (p proof, err error) {
	u := a.user
	var list []storage.Provisional
	if _, possible := password.Normalize(typed); possible { // that the text alone decides tells nothing about the user
		if list, err = s.DB.ProvisionalsOf(ctx, u.ID); err != nil {
			return p, fmt.Errorf("load provisional passwords: %w", err)
		}
	}
	hash, now := s.provisionalHash(u.ID, typed), s.Now()
	for _, candidate := range list {
		same := password.Equal(hash, candidate.Hash)
		if !same || !candidate.UsedAt.IsZero() || !candidate.SupersededAt.IsZero() {
			continue
		}
		if now.Before(candidate.ExpiresAt.Time()) {
			p.live = candidate
		} else {
			p.expired = candidate
		}
	}
	if a.codeOnly {
		return p, nil
	}
	p.own, p.rehash, err = s.Hasher.Verify(ctx, u.PasswordHash, typed)
	if err != nil {
		return p, fmt.Errorf("verify password: %w", err)
	}
	if p.own {
		p.live, p.expired = storage.Provisional{}, storage.Provisional{}
	}
	return p, nil
}

// provisionalHash is the hash under which the typed text would be stored as a
// provisional password. A text that cannot be one gets a hash that fits none.
func (s *Signin) provisionalHash(userID, typed string) []byte {
	code, _ := password.Normalize(typed)
	return password.Hash(s.Master.Derive("provisional passwords"), userID, code)
}

// rehash returns the password's hash with today's parameters, "" when the one
// stored is good, or when everybody is busy: then the next sign-in does it.
func (s *Signin) rehash(ctx context.Context, p proof, typed string) string {
	if !p.rehash {
		return ""
	}
	hash, err := s.Hasher.Hash(ctx, typed)
	if err != nil {
		return ""
	}
	return hash
}

// busy turns a full queue of passwords into a page that asks to come back.
func (s *Signin) busy(w http.ResponseWriter, err error) error {
	if !errors.Is(err, password.ErrBusy) {
		return err
	}
	w.Header().Set("Retry-After", "5")
	return &web.Error{Status: http.StatusServiceUnavailable, Message: "error.internal", Err: err}
}
