package oauth

import (
	"time"

	"loge/storage"
)

// Lifetimes of what the provider hands out; config.Security holds them.
type Lifetimes struct {
	AccessToken time.Duration
	IDToken     time.Duration
	Flow        time.Duration // a request waiting for its person to sign in

	RefreshIdle     time.Duration // a refresh token nobody uses
	RefreshAbsolute time.Duration // all refresh tokens of one sign-in, counted from it
	RefreshGrace    time.Duration // a used one works again that long

	KeyRotation time.Duration // a signing key signs that long
}

// of are the lifetimes of what that client is given: its own, where it has them.
// What is signed lives a day at most by a client's own wish, so that the key
// stays published as long.
func (l Lifetimes) of(c storage.Client) Lifetimes {
	m := c.Metadata
	for _, own := range []struct {
		lifetime *time.Duration
		seconds  int64
		most     time.Duration
	}{
		{&l.AccessToken, m.AccessTokenLifetime, keyTail},
		{&l.IDToken, m.IDTokenLifetime, keyTail},
		{&l.RefreshIdle, m.RefreshIdleLifetime, maxOwnLifetime},
		{&l.RefreshAbsolute, m.RefreshAbsoluteLifetime, maxOwnLifetime},
	} {
		if own.seconds > 0 {
			*own.lifetime = time.Duration(min(own.seconds, int64(own.most/time.Second))) * time.Second
		}
	}
	return l
}

// maxOwnLifetime keeps a client's own lifetimes from overflowing.
const maxOwnLifetime = 10 * 366 * 24 * time.Hour
