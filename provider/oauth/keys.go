package oauth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/secret"
	"loge/storage"
)

// algorithms that ID tokens are signed with. Every client may expect RS256
// (Core §15.1); ES256 is thirty times cheaper to sign.
var algorithms = []string{string(jose.RS256), string(jose.ES256)}

// keysReloadedEvery bounds how long a replica does not know another one's key.
const keysReloadedEvery = time.Minute

// keySet is the signing keys as of one moment. It is never changed.
type keySet struct {
	loaded  time.Time
	signers map[string]jose.Signer     // by algorithm: the key that signs now
	public  map[string]jose.JSONWebKey // by kid: every key ever used
	private map[string]crypto.Signer   // by kid, to spare the next load the work
	jwks    []byte
}

// ensureKeys makes the first key of each algorithm where there is none, and
// loads all. Of replicas that start at once one wins.
func (p *Provider) ensureKeys(ctx context.Context) error {
	stored, err := p.DB.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	have := map[string]bool{}
	for _, k := range stored {
		have[k.Alg] = true
	}
	for _, alg := range algorithms {
		if have[alg] {
			continue
		}
		k, err := p.newKey(alg)
		if err != nil {
			return err
		}
		if err := p.DB.InTx(ctx, func(q *storage.Queries) error { return q.AddSigningKey(ctx, k) }); err != nil {
			return fmt.Errorf("store signing key: %w", err)
		}
	}
	_, err = p.loadKeys(ctx)
	return err
}

// newKey makes the first key of an algorithm, sealed for its own row.
func (p *Provider) newKey(alg string) (storage.SigningKey, error) {
	var private crypto.Signer
	var err error
	switch jose.SignatureAlgorithm(alg) {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("generate %s key: %w", alg, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("encode %s key: %w", alg, err)
	}
	kid := b64.EncodeToString(secret.Random(12))
	public, err := json.Marshal(jose.JSONWebKey{Key: private.Public(), KeyID: kid, Algorithm: alg, Use: "sig"})
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("encode %s key: %w", alg, err)
	}
	now := storage.At(p.Now())
	return storage.SigningKey{KID: kid, Alg: alg, Generation: 1, Sealed: p.box.Seal(der, sealedAt(kid)), Public: string(public),
		CreatedAt: now, SignsFrom: now}, nil
}

// sealedAt names the row a private key is sealed for.
func sealedAt(kid string) string { return "signing_keys/" + kid }

// currentKeys returns the keys, at most keysReloadedEvery old. While they are
// loaded again, and when the database cannot be reached, the known ones serve.
func (p *Provider) currentKeys(ctx context.Context) *keySet {
	keys := p.keys.Load()
	if p.Now().Sub(keys.loaded) < keysReloadedEvery || !p.reloading.TryLock() {
		return keys
	}
	defer p.reloading.Unlock()
	fresh, err := p.loadKeys(ctx)
	if err != nil {
		p.Log.ErrorContext(ctx, "signing keys not reloaded", "error", err)
		return keys
	}
	return fresh
}

// loadKeys reads the keys and makes them the current ones.
func (p *Provider) loadKeys(ctx context.Context) (*keySet, error) {
	stored, err := p.DB.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("load signing keys: %w", err)
	}
	now := p.Now()
	set := &keySet{loaded: now, signers: map[string]jose.Signer{}, public: map[string]jose.JSONWebKey{}, private: map[string]crypto.Signer{}}
	var published struct {
		Keys []jose.JSONWebKey `json:"keys"`
	}
	for _, k := range stored {
		public, err := p.addKey(set, k, storage.At(now))
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", k.KID, err)
		}
		published.Keys = append(published.Keys, public)
	}
	for _, alg := range algorithms {
		if set.signers[alg] == nil {
			return nil, fmt.Errorf("no %s key signs now", alg)
		}
	}
	if set.jwks, err = json.Marshal(published); err != nil {
		return nil, fmt.Errorf("encode key set: %w", err)
	}
	p.keys.Store(set)
	return set, nil
}

// addKey opens a stored key. Keys come oldest first, so that the newest one
// that has begun is left as the signer.
func (p *Provider) addKey(set *keySet, k storage.SigningKey, now storage.Time) (jose.JSONWebKey, error) {
	var public jose.JSONWebKey
	if err := json.Unmarshal([]byte(k.Public), &public); err != nil {
		return public, fmt.Errorf("decode: %w", err)
	}
	if !public.IsPublic() {
		return public, fmt.Errorf("its public part is not public")
	}
	private, err := p.open(k)
	if err != nil {
		return public, err
	}
	set.public[k.KID], set.private[k.KID] = public, private
	if k.SignsFrom > now || !k.SignsUntil.IsZero() && k.SignsUntil <= now {
		return public, nil
	}
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Alg), Key: jose.JSONWebKey{Key: private, KeyID: k.KID}}
	set.signers[k.Alg], err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	return public, err
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
