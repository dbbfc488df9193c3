package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/handler/pkce"

	"loge/storage"
)

// store shows the database to fosite. Reads are made at once, writes go into
// the unit of work. PKCE and OpenID parameters stand in the code's row, so
// their own reads and deletes cost nothing.
type store struct {
	DB  *storage.DB
	Now func() time.Time
	Log *slog.Logger
}

var (
	_ fosite.Storage                     = (*store)(nil)
	_ oauth2.CoreStorage                 = (*store)(nil)
	_ oauth2.TokenRevocationStorage      = (*store)(nil)
	_ openid.OpenIDConnectRequestStorage = (*store)(nil)
	_ pkce.PKCERequestStorage            = (*store)(nil)
)

// Why a code is refused, for the application's developer. Each reads as
// fosite's "not found".
var (
	errUnknownCode = fosite.ErrNotFound.WithHint("The code is unknown.")
	errExpiredCode = fosite.ErrNotFound.WithHint("The code has expired.")
	errUsedCode    = fosite.ErrNotFound.WithHint("The code has been used before; the tokens it gave have been revoked.")
)

func (s *store) now() storage.Time { return storage.At(s.Now()) }

// GetClient returns the unit's client; it was loaded when the request was read.
func (s *store) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	if c := unitOf(ctx).client; c != nil && c.ID == id {
		return c, nil
	}
	return nil, fosite.ErrNotFound
}

// CreateAuthorizeCodeSession will store the code with everything it needs at
// the token endpoint. The request's ID is the grant's.
func (s *store) CreateAuthorizeCodeSession(ctx context.Context, signature string, r fosite.Requester) error {
	text, err := r.GetSession().(*record).encode()
	if err != nil {
		return err
	}
	now := s.Now()
	code := storage.Code{Signature: signature, GrantID: r.GetID(), ClientID: r.GetClient().GetID(), Request: r.GetRequestForm().Encode(),
		Scopes: strings.Join(r.GetRequestedScopes(), " "), Granted: strings.Join(r.GetGrantedScopes(), " "), Session: text,
		RequestedAt: storage.At(now), ExpiresAt: storage.At(now.Add(codeLifetime))}
	unitOf(ctx).write(func(ctx context.Context, q *storage.Queries) error { return q.CreateCode(ctx, code) })
	return nil
}

// GetAuthorizeCodeSession returns a code that is fit to be redeemed by the
// authenticated client. fosite calls it twice with the same session; the code is
// read, and the session filled, the first time.
func (s *store) GetAuthorizeCodeSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	u := unitOf(ctx)
	if signature == "" {
		return nil, errUnknownCode
	}
	if u.authorized == nil {
		h, err := s.DB.HolderOfCode(ctx, signature, s.now())
		if errors.Is(err, storage.ErrNotFound) {
			return nil, errUnknownCode
		}
		if err != nil {
			return nil, fmt.Errorf("load code: %w", err)
		}
		if err := s.fit(ctx, h.Code, u.client); err != nil {
			return nil, err
		}
		if u.authorized, err = authorized(h.Code, u.client, session.(*record)); err != nil {
			return nil, err
		}
		u.code, u.holder = &h.Code, h.Holder
	}
	return u.authorized, nil
}

// fit refuses a code that another client shows, that was used, or that has
// expired. It only refuses early: ConsumeCode decides.
func (s *store) fit(ctx context.Context, code storage.Code, by *client) error {
	switch {
	case code.ClientID != by.ID:
		if err := s.burn(ctx, code, by); err != nil {
			return err
		}
		return errUnknownCode
	case !code.UsedAt.IsZero():
		if err := s.replayed(ctx, code); err != nil {
			return err
		}
		return errUsedCode
	case code.ExpiresAt <= s.now():
		return errExpiredCode
	}
	return nil
}

// authorized rebuilds the authorization request from the code's row.
func authorized(code storage.Code, c *client, session *record) (*fosite.Request, error) {
	if err := session.decode(code.Session); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(code.Request)
	if err != nil {
		return nil, fmt.Errorf("decode request of code: %w", err)
	}
	return &fosite.Request{ID: code.GrantID, Client: c, RequestedAt: code.RequestedAt.Time(), Form: form, Session: session,
		RequestedScope: words(code.Scopes), GrantedScope: words(code.Granted)}, nil
}

// InvalidateAuthorizeCodeSession will redeem the code: the statement decides,
// not the read before it.
func (s *store) InvalidateAuthorizeCodeSession(ctx context.Context, signature string) error {
	u, now := unitOf(ctx), s.now()
	clientID := u.client.ID
	u.write(func(ctx context.Context, q *storage.Queries) error {
		_, err := q.ConsumeCode(ctx, signature, clientID, now)
		return err
	})
	return nil
}

// CreateAccessTokenSession will store the token that was made for this unit
// under its grant, unless the grant has been revoked by then.
func (s *store) CreateAccessTokenSession(ctx context.Context, _ string, _ fosite.Requester) error {
	token := unitOf(ctx).access
	unitOf(ctx).write(func(ctx context.Context, q *storage.Queries) error { return q.CreateAccessToken(ctx, token) })
	return nil
}

// CreatePKCERequestSession and CreateOpenIDConnectSession have nothing to do:
// the code's row holds their parameters.
func (s *store) CreatePKCERequestSession(context.Context, string, fosite.Requester) error { return nil }
func (s *store) CreateOpenIDConnectSession(context.Context, string, fosite.Requester) error {
	return nil
}

// GetPKCERequestSession returns the challenge, or not found where none was sent.
func (s *store) GetPKCERequestSession(ctx context.Context, _ string, _ fosite.Session) (fosite.Requester, error) {
	r := unitOf(ctx).authorized
	if r.Form.Get("code_challenge") == "" {
		return nil, fosite.ErrNotFound
	}
	return r, nil
}

// GetOpenIDConnectSession returns the request with its nonce.
func (s *store) GetOpenIDConnectSession(ctx context.Context, _ string, _ fosite.Requester) (fosite.Requester, error) {
	return unitOf(ctx).authorized, nil
}

// The challenge lives and dies with the code: a wrong verifier leaves it, so
// that the next attempt is checked as well.
func (s *store) DeletePKCERequestSession(context.Context, string) error   { return nil }
func (s *store) DeleteOpenIDConnectSession(context.Context, string) error { return nil }
