package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

const (
	// maxJWKSSets bounds the cache. Beyond it any one is forgotten, and fetched
	// again when it is needed.
	maxJWKSSets = 1000
	// jwksPause is the least time between two fetches of one client's keys,
	// whoever asks for whatever kid.
	jwksPause = time.Minute
	// jwksFresh is how long keys are used without a look where the answer does not
	// say, jwksFreshest the most it may say.
	jwksFresh    = 10 * time.Minute
	jwksFreshest = time.Hour
	// jwksStale is how long they are used while the client's server is down.
	jwksStale = 24 * time.Hour
)

// jwksCache is the key sets behind the jwks_uri of clients.
type jwksCache struct {
	mu   sync.Mutex
	sets map[string]*jwksSet // by client and address
}

// of returns the client's set, empty when it is new.
func (c *jwksCache) of(client storage.Client) *jwksSet {
	name := client.ID + "\n" + client.Metadata.JWKSURI
	c.mu.Lock()
	defer c.mu.Unlock()
	if set := c.sets[name]; set != nil {
		return set
	}
	if c.sets == nil {
		c.sets = map[string]*jwksSet{}
	}
	for other := range c.sets {
		if len(c.sets) < maxJWKSSets {
			break
		}
		delete(c.sets, other)
	}
	set := &jwksSet{}
	c.sets[name] = set
	return set
}

// jwksSet is one client's keys. Its lock is held during a fetch, so that there
// is one at a time and whoever waited gets what it brought.
type jwksSet struct {
	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // zero: never
	tried   time.Time
	until   time.Time // fresh
	failure error     // of the last try; nil when it went well
}

// read returns the keys. They are fetched when they are not fresh or enough says
// no, but not within jwksPause of the last try.
func (s *jwksSet) read(now time.Time, enough func([]jose.JSONWebKey) bool, fetch func() ([]byte, time.Duration, error)) ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stale := !now.Before(s.until) || !enough(s.keys)
	if stale && !now.Before(s.tried.Add(jwksPause)) {
		s.tried = now
		s.failure = s.fill(now, fetch)
	}
	switch {
	case s.fetched.IsZero():
		return nil, s.failure
	case !now.Before(s.fetched.Add(jwksStale)):
		return nil, fmt.Errorf("the last good answer is older than %v: %w", jwksStale, s.failure)
	}
	return s.keys, nil
}

func (s *jwksSet) fill(now time.Time, fetch func() ([]byte, time.Duration, error)) error {
	text, fresh, err := fetch()
	if err != nil {
		return err
	}
	keys, err := parseJWKS(text)
	if err != nil {
		return err
	}
	s.keys, s.fetched, s.until = keys, now, now.Add(fresh)
	return nil
}

// fetchJWKS asks a client's server, also for others who wait for the answer: it
// goes on when this request is given up. It returns how long the answer is
// fresh.
func (p *Provider) fetchJWKS(ctx context.Context, address string) ([]byte, time.Duration, error) {
	if p.Outbound == nil {
		return nil, 0, errNoFetch
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("fetch jwks_uri: %w", err)
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := p.Outbound.Do(r)
	if err != nil {
		return nil, 0, fmt.Errorf("fetch jwks_uri: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("fetch jwks_uri: the answer is %s", answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxClientJWKS+1))
	if err != nil {
		return nil, 0, fmt.Errorf("fetch jwks_uri: %w", err)
	}
	if len(text) == 0 {
		return nil, 0, errors.New("fetch jwks_uri: the answer is empty")
	}
	return text, freshness(answer.Header.Values("Cache-Control")), nil
}

// freshness is how long an answer may be used without a look: its max-age
// (RFC 9111 §5.2.2), within bounds.
func freshness(cacheControl []string) time.Duration {
	fresh := jwksFresh
	for _, directive := range strings.Split(strings.Join(cacheControl, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return jwksPause
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				fresh = time.Duration(seconds) * time.Second
			}
		}
	}
	return min(max(fresh, jwksPause), jwksFreshest)
}
