package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"loge/provider/secret"
	"loge/storage"
)

const (
	// logoutLease is how long a logout belongs to whoever claimed it: well above
	// the time one request may take.
	logoutLease = time.Minute
	// logoutLife is how long a client is tried: no session there should be older.
	logoutLife = 24 * time.Hour
	// logoutsAtOnce bounds how many clients are asked at the same time.
	logoutsAtOnce = 8
	// logoutTokenLife is how long a client may take a logout token (Back-Channel
	// Logout §2.4 recommends at most two minutes).
	logoutTokenLife = 2 * time.Minute
)

// logoutWaits are the pauses after each failed attempt; the last one repeats.
var logoutWaits = [...]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// logoutEvent is the one event of a logout token.
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutToken tells a client that a session has ended (Back-Channel Logout
// §2.4). It has no nonce, so that it can never pass for an ID token.
type logoutToken struct {
	Issuer   string              `json:"iss"`
	Subject  string              `json:"sub"`
	Audience string              `json:"aud"`
	Issued   storage.Time        `json:"iat"`
	Expires  storage.Time        `json:"exp"`
	ID       string              `json:"jti"`
	Events   map[string]struct{} `json:"events"`
	Session  string              `json:"sid"`
}

// WakeLogouts has the clients of ended sessions told at once. Call it after the
// transaction; without it they are told at the job's next turn.
func (p *Provider) WakeLogouts() {
	select {
	case p.logouts <- struct{}{}:
	default: // woken already
	}
}

// LogoutsWoken tells the job that WakeLogouts was called.
func (p *Provider) LogoutsWoken() <-chan struct{} { return p.logouts }

// EndExpired ends the sessions whose absolute end has come, up to limit of
// them, and tells how many; their clients are to be told.
func (p *Provider) EndExpired(ctx context.Context, limit int) (ended int, err error) {
	err = p.DB.InTx(ctx, func(q *storage.Queries) error {
		ended, err = q.EndExpiredSessions(ctx, storage.At(p.Now()), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("end expired sessions: %w", err)
	}
	return ended, nil
}

// SendLogouts tells the clients of ended sessions, and returns when nothing is
// due. Several replicas share the work. A client that does not answer is tried
// again later; its trouble is no error of ours.
func (p *Provider) SendLogouts(ctx context.Context) error {
	due, err := p.DB.LogoutsDue(ctx, storage.At(p.Now()))
	if err != nil {
		return fmt.Errorf("look for logouts: %w", err)
	}
	if !due {
		return nil
	}
	failures := make([]error, logoutsAtOnce)
	var running sync.WaitGroup
	for i := range failures {
		running.Go(func() { failures[i] = p.sendLogouts(ctx) })
	}
	running.Wait()
	return errors.Join(failures...)
}

func (p *Provider) sendLogouts(ctx context.Context) error {
	for {
		var l storage.Logout
		now := p.Now()
		err := p.DB.InTx(ctx, func(q *storage.Queries) (err error) {
			l, err = q.ClaimLogout(ctx, storage.At(now), storage.At(now.Add(logoutLease)))
			return err
		})
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("claim logout: %w", err)
		}
		if err := p.tell(ctx, l); err != nil && !errors.Is(err, storage.ErrNotFound) { // the lease has passed to somebody else
			return fmt.Errorf("logout of session %s at %s: %w", l.SessionID, l.ClientID, err)
		}
	}
}

// tell takes one claimed logout to its end or back to the queue.
func (p *Provider) tell(ctx context.Context, l storage.Logout) error {
	c, err := p.DB.Client(ctx, l.ClientID)
	if err != nil {
		return fmt.Errorf("load client: %w", err)
	}
	switch {
	case !c.DisabledAt.IsZero() || c.BackchannelLogoutURI == "":
		return p.giveUp(ctx, l, "the client wants to be told no more")
	case p.Now().Sub(l.CreatedAt.Time()) >= logoutLife:
		return p.giveUp(ctx, l, "too late: "+l.LastError)
	}
	token, err := p.logoutToken(ctx, c, l)
	if err != nil {
		return err
	}
	status, err := p.postLogout(ctx, c.BackchannelLogoutURI, token)
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // we stop; the lease passes
	case err != nil:
		return p.postpone(ctx, l, err.Error())
	case status == http.StatusOK || status == http.StatusNoContent:
		return p.DB.InTx(ctx, func(q *storage.Queries) error { return q.MarkLogoutSent(ctx, l, storage.At(p.Now())) })
	case status == http.StatusBadRequest: // Back-Channel Logout §2.8: it will never take this one
		return p.giveUp(ctx, l, "the client answered 400")
	}
	return p.postpone(ctx, l, fmt.Sprintf("the client answered %d", status))
}

func (p *Provider) giveUp(ctx context.Context, l storage.Logout, reason string) error {
	p.logFailure(ctx, slog.LevelWarn, "client not told of a sign-out", l, reason)
	return p.DB.InTx(ctx, func(q *storage.Queries) error {
		return q.MarkLogoutFailed(ctx, l, shortenedReason(reason), storage.At(p.Now()))
	})
}

func (p *Provider) postpone(ctx context.Context, l storage.Logout, reason string) error {
	wait := logoutWaits[min(l.Attempts, len(logoutWaits))-1]
	p.logFailure(ctx, slog.LevelInfo, "client to be told of a sign-out later", l, reason)
	return p.DB.InTx(ctx, func(q *storage.Queries) error {
		return q.PostponeLogout(ctx, l, storage.At(p.Now().Add(wait)), shortenedReason(reason))
	})
}

func (p *Provider) logFailure(ctx context.Context, level slog.Level, what string, l storage.Logout, reason string) {
	p.Log.LogAttrs(ctx, level, what, slog.String("client", l.ClientID), slog.String("session", l.SessionID),
		slog.Int("attempts", l.Attempts), slog.String("reason", reason))
}

// shortenedReason is what is stored of a failure: one clean line.
func shortenedReason(reason string) string {
	reason = strings.ToValidUTF8(reason, "?")
	return strings.ReplaceAll(strings.ToValidUTF8(reason[:min(len(reason), 300)], ""), "\x00", "?")
}

// logoutToken makes the token of one attempt. Each has a jti of its own: a
// client that failed half-way must not take the next one for a replay.
func (p *Provider) logoutToken(ctx context.Context, c storage.Client, l storage.Logout) (string, error) {
	now := p.Now()
	payload, err := json.Marshal(logoutToken{Issuer: p.Issuer, Subject: p.subject(c, l.UserID), Audience: c.ID,
		Issued: storage.At(now), Expires: storage.At(now.Add(logoutTokenLife)), ID: b64.EncodeToString(secret.Random(16)),
		Events: map[string]struct{}{logoutEvent: {}}, Session: l.SessionID})
	if err != nil {
		return "", fmt.Errorf("encode logout token: %w", err)
	}
	return p.signAs(ctx, c.IDTokenAlg, "logout+jwt", payload)
}

// postLogout sends the token and nothing else, and returns the status of the
// answer, whose body nobody reads.
func (p *Provider) postLogout(ctx context.Context, address, token string) (int, error) {
	body := url.Values{"logout_token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.Outbound.Do(r)
	if err != nil {
		return 0, err
	}
	response.Body.Close()
	return response.StatusCode, nil
}
