package oauth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v3"

	"loge/provider/secret"
	"loge/storage"
)

// Keys changes the signing keys, on a calendar and when an operator says so.
// Each change is one transaction, and a generation exists once: replicas and
// commands that act at the same moment agree on one key.
type Keys struct {
	DB        *storage.DB
	Master    secret.Master // for whatever makes a key
	Lifetimes Lifetimes
	Now       func() time.Time
	Actor     string // who is written into the journal: "agent:NAME" or "system"
}

// ErrNoKeys says that the provider has never been started on this database.
var ErrNoKeys = errors.New("no signing keys yet: the first loge serve makes them")

// List returns every key with its state, by algorithm, oldest first.
func (k *Keys) List(ctx context.Context) ([]KeyStatus, error) {
	stored, err := k.DB.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("load signing keys: %w", err)
	}
	return keyStatuses(stored, storage.At(k.Now()), k.Lifetimes), nil
}

// Turn does what the calendar says: it makes each algorithm's next key in time,
// and writes down that a key has begun to sign. What was missed while no
// replica ran is made up for; the next key always has its lead.
func (k *Keys) Turn(ctx context.Context) error {
	stored, err := k.DB.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	if len(stored) == 0 {
		return ErrNoKeys
	}
	now := k.Now()
	for _, alg := range algorithms {
		generations := generationsOf(stored, alg)
		if len(generations) == 0 {
			if err := k.ensure(ctx, []string{alg}); err != nil {
				return err
			}
			continue
		}
		if err := k.begin(ctx, generations, storage.At(now)); err != nil {
			return err
		}
		newest := generations[len(generations)-1]
		due := newest.SignsFrom.Time().Add(k.Lifetimes.KeyRotation)
		if newest.SignsFrom > storage.At(now) || now.Before(due.Add(-keyLead)) {
			continue
		}
		from := now.Add(keyLead)
		if due.After(from) {
			from = due
		}
		if err := k.add(ctx, generations, alg, from); err != nil {
			return err
		}
	}
	return nil
}

// Announce starts a change of the algorithm's key before its time: the next key
// is published now and signs after the lead. One that is announced already is
// left as it is.
func (k *Keys) Announce(ctx context.Context, alg string) error {
	stored, err := k.DB.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	generations := generationsOf(stored, alg)
	now := k.Now()
	switch {
	case len(stored) == 0:
		return ErrNoKeys
	case len(generations) == 0: // nobody has needed one: there is nothing to change
		return k.ensure(ctx, []string{alg})
	case generations[len(generations)-1].SignsFrom > storage.At(now):
		return nil
	}
	return k.add(ctx, generations, alg, now.Add(keyLead))
}

// Replace answers a compromised key: a new one signs at once and every earlier
// key of the algorithm is withdrawn, because whoever read one could read all.
// Tokens they signed verify no more, and an application that does not fetch the
// key set again when it meets an unknown kid refuses new ones.
func (k *Keys) Replace(ctx context.Context, alg string) error {
	const attempts = 10 // each lost one is somebody else's success
	for range attempts {
		err := k.replace(ctx, alg)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("replace %s key: %w", alg, storage.ErrConflict)
}

func (k *Keys) replace(ctx context.Context, alg string) error {
	stored, err := k.DB.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	generations := generationsOf(stored, alg)
	if len(stored) > 0 && len(generations) == 0 {
		return k.ensure(ctx, []string{alg})
	}
	fresh, err := k.following(generations, alg, k.Now())
	if err != nil {
		return err
	}
	err = k.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.AddSigningKey(ctx, fresh); err != nil {
			return err
		}
		withdrawn, err := q.WithdrawSigningKeys(ctx, alg, fresh.Generation, fresh.SignsFrom)
		if err != nil {
			return err
		}
		slices.Sort(withdrawn)
		if err := k.tell(ctx, q, "key.created", fresh); err != nil {
			return err
		}
		for _, kid := range withdrawn {
			event := storage.AuditEvent{At: fresh.CreatedAt, Actor: k.Actor, Action: "key.withdrawn", Subject: kid, Details: map[string]string{"alg": alg}}
			if err := q.Audit(ctx, event); err != nil {
				return err
			}
		}
		return k.tell(ctx, q, "key.signing", fresh)
	})
	if err != nil {
		return fmt.Errorf("replace %s key: %w", alg, err)
	}
	return nil
}

// cheapAlgorithms have keys that cost nothing to make: the start makes them.
var cheapAlgorithms = []string{string(jose.ES256), string(jose.EdDSA)}

// ensure makes the first key of each of these algorithms where there is none; it
// signs at once. Of replicas that start together one wins.
func (k *Keys) ensure(ctx context.Context, algorithms []string) error {
	stored, err := k.DB.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	for _, alg := range algorithms {
		if len(generationsOf(stored, alg)) > 0 {
			continue
		}
		if err := k.opens(stored); err != nil {
			return err
		}
		first, err := k.make(alg, 1, k.Now())
		if err != nil {
			return err
		}
		err = k.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := q.AddSigningKey(ctx, first); err != nil {
				return err
			}
			if err := k.tell(ctx, q, "key.created", first); err != nil {
				return err
			}
			return k.tell(ctx, q, "key.signing", first)
		})
		if err != nil && !errors.Is(err, storage.ErrConflict) {
			return fmt.Errorf("store signing key: %w", err)
		}
	}
	return nil
}

// add publishes the next key. Somebody else's of the same generation will do.
func (k *Keys) add(ctx context.Context, generations []storage.SigningKey, alg string, from time.Time) error {
	next, err := k.following(generations, alg, from)
	if err != nil {
		return err
	}
	err = k.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.AddSigningKey(ctx, next); err != nil {
			return err
		}
		return k.tell(ctx, q, "key.created", next)
	})
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("store signing key: %w", err)
	}
	return nil
}

// begin writes down, once, that a key has taken over from the one before.
func (k *Keys) begin(ctx context.Context, generations []storage.SigningKey, now storage.Time) error {
	good := slices.DeleteFunc(slices.Clone(generations), func(g storage.SigningKey) bool { return !g.WithdrawnAt.IsZero() })
	for i := 1; i < len(good); i++ {
		before, next := good[i-1], good[i]
		if !before.SignsUntil.IsZero() || next.SignsFrom > now {
			continue
		}
		err := k.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := q.EndSigningKey(ctx, before.KID, next.SignsFrom); err != nil {
				return err
			}
			return k.tell(ctx, q, "key.signing", next)
		})
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("end signing key: %w", err)
		}
	}
	return nil
}

func (k *Keys) tell(ctx context.Context, q *storage.Queries, action string, key storage.SigningKey) error {
	return q.Audit(ctx, storage.AuditEvent{At: storage.At(k.Now()), Actor: k.Actor, Action: action, Subject: key.KID,
		Details: map[string]string{"alg": key.Alg, "generation": strconv.FormatInt(key.Generation, 10), "signs_from": key.SignsFrom.Time().UTC().Format(time.RFC3339)}})
}

// following makes the key after the newest. A master secret that does not open
// that one would make a key no replica can use.
func (k *Keys) following(generations []storage.SigningKey, alg string, from time.Time) (storage.SigningKey, error) {
	if len(generations) == 0 {
		return storage.SigningKey{}, ErrNoKeys
	}
	newest := generations[len(generations)-1]
	if err := k.opens(generations); err != nil {
		return storage.SigningKey{}, err
	}
	return k.make(alg, newest.Generation+1, from)
}

// opens checks that the master secret is that of the last of these keys.
func (k *Keys) opens(keys []storage.SigningKey) error {
	if len(keys) == 0 {
		return nil
	}
	last := keys[len(keys)-1]
	box, err := keyBox(k.Master)
	if err != nil {
		return err
	}
	if _, err := box.Open(last.Sealed, sealedAt(last.KID)); err != nil {
		return fmt.Errorf("signing key %s: %w", last.KID, err)
	}
	return nil
}

// make generates a key, sealed for its own row. It takes a tenth of a second:
// not for inside a transaction.
func (k *Keys) make(alg string, generation int64, from time.Time) (storage.SigningKey, error) {
	var private crypto.Signer
	var err error
	switch jose.SignatureAlgorithm(alg) {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
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
	box, err := keyBox(k.Master)
	if err != nil {
		return storage.SigningKey{}, err
	}
	created := k.Now()
	if from.Before(created) {
		from = created // making it took its time
	}
	return storage.SigningKey{KID: kid, Alg: alg, Generation: generation, Sealed: box.Seal(der, sealedAt(kid)), Public: string(public),
		CreatedAt: storage.At(created), SignsFrom: storage.At(from)}, nil
}

// keyBox seals private keys.
func keyBox(master secret.Master) (*secret.Box, error) {
	return secret.NewBox(master.Derive("signing keys"))
}

// sealedAt names the row a private key is sealed for.
func sealedAt(kid string) string { return "signing_keys/" + kid }

// generationsOf are the keys of one algorithm, oldest first.
func generationsOf(stored []storage.SigningKey, alg string) (found []storage.SigningKey) {
	for _, k := range stored {
		if k.Alg == alg {
			found = append(found, k)
		}
	}
	return found
}
