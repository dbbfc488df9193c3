package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/ory/fosite"
)

// errNotOffered answers what fosite's interfaces ask of a store and none of our
// handlers calls: refresh tokens, client assertions, reads of access tokens.
var errNotOffered = errors.New("not offered")

func (s *store) GetAccessTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, errNotOffered
}
func (s *store) DeleteAccessTokenSession(context.Context, string) error { return errNotOffered }

func (s *store) CreateRefreshTokenSession(context.Context, string, string, fosite.Requester) error {
	return errNotOffered
}
func (s *store) GetRefreshTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, errNotOffered
}
func (s *store) DeleteRefreshTokenSession(context.Context, string) error  { return errNotOffered }
func (s *store) RotateRefreshToken(context.Context, string, string) error { return errNotOffered }
func (s *store) RevokeRefreshToken(context.Context, string) error         { return errNotOffered }
func (s *store) RevokeAccessToken(context.Context, string) error          { return errNotOffered }

func (s *store) ClientAssertionJWTValid(context.Context, string) error { return errNotOffered }
func (s *store) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return errNotOffered
}
