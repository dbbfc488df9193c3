package oauth

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/storage"
)

// algorithms that tokens and answers are signed with. Every client may expect
// RS256 (Core §15.1); ES256 and EdDSA are thirty times cheaper to sign.
var algorithms = []string{string(jose.RS256), string(jose.PS256), string(jose.ES256), string(jose.EdDSA)}

// Algorithms are those that a client may be registered for.
func Algorithms() []string { return slices.Clone(algorithms) }

const (
	// keysReloadedEvery bounds how long a replica does not know another one's key.
	keysReloadedEvery = time.Minute
	// keysTooOld are not used while others are being loaded: after a quiet day the
	// key they sign with may be published no more.
	keysTooOld = 10 * time.Minute
)

// keySet is the signing keys as of one moment. It is never changed.
type keySet struct {
	loaded  time.Time
	signers map[string]jose.Signer     // by algorithm: the key that signs now, for ID tokens; see complete
	signing map[string]jose.SigningKey // the same keys, for tokens of another typ
	public  map[string]jose.JSONWebKey // by kid: every key not withdrawn
	private map[string]crypto.Signer   // by kid, to spare the next load the work
	jwks    []byte
}

// RotateKeys is one run of the job that changes signing keys.
func (p *Provider) RotateKeys(ctx context.Context) error {
	if err := p.rotation.Turn(ctx); err != nil {
		return fmt.Errorf("rotate signing keys: %w", err)
	}
	return nil
}

// currentKeys returns the keys, at most keysReloadedEvery old. While they are
// loaded again, and when the database cannot be reached, the known ones serve.
func (p *Provider) currentKeys(ctx context.Context) *keySet {
	return p.keysWithin(ctx, keysReloadedEvery)
}

// keysWithin returns keys at most that old, as far as the database answers.
func (p *Provider) keysWithin(ctx context.Context, limit time.Duration) *keySet {
	keys := p.keys.Load()
	age := p.Now().Sub(keys.loaded)
	switch {
	case age < limit:
		return keys
	case age >= keysTooOld:
		p.reloading.Lock()
	case !p.reloading.TryLock():
		return keys
	}
	defer p.reloading.Unlock()
	if now := p.keys.Load(); now != keys { // loaded by somebody else meanwhile
		return now
	}
	fresh, err := p.loadKeys(ctx)
	if err != nil {
		p.Log.ErrorContext(ctx, "signing keys not reloaded", "error", err)
		return keys
	}
	return fresh
}

// loadKeys reads the keys and makes them the current ones.
func (p *Provider) loadKeys(ctx context.Context) (*keySet, error) {
	now := p.Now()
	stored, err := p.DB.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("load signing keys: %w", err)
	}
	set := &keySet{loaded: now, signers: map[string]jose.Signer{}, signing: map[string]jose.SigningKey{}, public: map[string]jose.JSONWebKey{}, private: map[string]crypto.Signer{}}
	published := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for i, status := range keyStatuses(stored, storage.At(now), p.Lifetimes) {
		if status.State == KeyWithdrawn {
			continue
		}
		if err := p.addKey(set, stored[i], status.State); err != nil {
			return nil, fmt.Errorf("signing key %s: %w", status.KID, err)
		}
		if status.inKeySet() {
			published.Keys = append(published.Keys, set.public[status.KID])
		}
	}
	for _, alg := range algorithms {
		if set.signers[alg] == nil && len(generationsOf(stored, alg)) > 0 {
			return nil, fmt.Errorf("no %s key signs now", alg)
		}
	}
	if set.jwks, err = json.Marshal(published); err != nil {
		return nil, fmt.Errorf("encode key set: %w", err)
	}
	p.keys.Store(set)
	return set, nil
}

// addKey decodes a stored key, and opens its private part when it is needed: the
// next one's too, so that a wrong master secret is seen before the day it signs.
func (p *Provider) addKey(set *keySet, k storage.SigningKey, state string) error {
	var public jose.JSONWebKey
	if err := json.Unmarshal([]byte(k.Public), &public); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if !public.IsPublic() {
		return fmt.Errorf("its public part is not public")
	}
	set.public[k.KID] = public
	if state != KeySigning && state != KeyNext {
		return nil
	}
	private, err := p.open(k)
	if err != nil {
		return err
	}
	set.private[k.KID] = private
	if state == KeyNext {
		return nil
	}
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Alg), Key: jose.JSONWebKey{Key: private, KeyID: k.KID}}
	set.signing[k.Alg] = key
	set.signers[k.Alg], err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	return err
}

// open unseals a private key, or takes it from the set before.
func (p *Provider) open(k storage.SigningKey) (crypto.Signer, error) {
	if before := p.keys.Load(); before != nil && before.private[k.KID] != nil {
		return before.private[k.KID], nil
	}
	der, err := p.box.Open(k.Sealed, sealedAt(k.KID))
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("decode private part: %w", err)
	}
	private, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T does not sign", key)
	}
	return private, nil
}

// signingWith returns the keys, one of the algorithm among them.
func (p *Provider) signingWith(ctx context.Context, alg string) (*keySet, error) {
	keys := p.currentKeys(ctx)
	if keys.signers[alg] == nil && slices.Contains(algorithms, alg) {
		var err error
		if keys, err = p.complete(ctx); err != nil {
			return nil, err
		}
	}
	if keys.signers[alg] == nil {
		return nil, fmt.Errorf("no key signs %q", alg)
	}
	return keys, nil
}

// complete returns keys of every algorithm. RSA keys take a tenth of a second
// each to make: the first start leaves them to the job, or to whoever needs one
// or the key set before. Of those who make them at once one wins.
func (p *Provider) complete(ctx context.Context) (*keySet, error) {
	p.completing.Lock()
	defer p.completing.Unlock()
	if keys := p.keys.Load(); len(keys.signers) == len(algorithms) {
		return keys, nil
	}
	if err := p.rotation.ensure(ctx, algorithms); err != nil {
		return nil, err
	}
	return p.loadKeys(ctx)
}

// signAs signs what is no ID token: its typ, or its having none, keeps one kind
// from being taken for another (RFC 8725 §3.11).
func (p *Provider) signAs(ctx context.Context, alg, typ string, payload []byte) (string, error) {
	keys, err := p.signingWith(ctx, alg)
	if err != nil {
		return "", err
	}
	options := &jose.SignerOptions{}
	if typ != "" {
		options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(keys.signing[alg], options)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	return signed.CompactSerialize()
}
