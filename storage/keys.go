package storage

import "context"

// SigningKey signs ID tokens. Generations of one algorithm follow each other:
// the newest one that has begun and was not withdrawn signs.
type SigningKey struct {
	KID         string
	Alg         string // RS256, PS256, ES256 or EdDSA
	Generation  int64  // 1, 2, 3 …, once per algorithm
	Sealed      []byte // private key, sealed for the place "signing_keys/" + KID
	Public      string // JWK, public members only
	CreatedAt   Time   // published from then on
	SignsFrom   Time
	SignsUntil  Time // 0: until a newer one begins
	WithdrawnAt Time // not to be trusted any more; 0: good
}

const keyColumns = `kid, alg, generation, sealed, public, created_at, signs_from, signs_until, withdrawn_at`

func scanKey(s scanner) (k SigningKey, err error) {
	err = s.Scan(&k.KID, &k.Alg, &k.Generation, &k.Sealed, &k.Public, &k.CreatedAt, &k.SignsFrom, &k.SignsUntil, &k.WithdrawnAt)
	return k, err
}

// SigningKeys returns every key, oldest generation first.
func (q *Queries) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	return all(ctx, q, scanKey, `SELECT `+keyColumns+` FROM signing_keys ORDER BY alg, generation`)
}

// AddSigningKey stores a key unless its algorithm has one of that generation
// already, which is ErrConflict: of replicas that make one at once one wins,
// and all read its key.
func (q *Queries) AddSigningKey(ctx context.Context, k SigningKey) error {
	added, err := q.execCount(ctx, `INSERT INTO signing_keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (alg, generation) DO NOTHING`,
		k.KID, k.Alg, k.Generation, k.Sealed, k.Public, k.CreatedAt, k.SignsFrom, k.SignsUntil, k.WithdrawnAt)
	if err == nil && added == 0 {
		return ErrConflict
	}
	return err
}

// EndSigningKey notes when a newer key took over. ErrNotFound when that has
// been noted already: of several replicas one may tell it.
func (q *Queries) EndSigningKey(ctx context.Context, kid string, at Time) error {
	ended, err := q.execCount(ctx, `UPDATE signing_keys SET signs_until = $2 WHERE kid = $1 AND signs_until = 0`, kid, at)
	if err == nil && ended == 0 {
		return ErrNotFound
	}
	return err
}

// WithdrawSigningKeys makes every key of the algorithm before that generation
// untrusted and returns their kids.
func (q *Queries) WithdrawSigningKeys(ctx context.Context, alg string, before int64, at Time) ([]string, error) {
	scan := func(s scanner) (kid string, err error) { return kid, s.Scan(&kid) }
	return all(ctx, q, scan, `UPDATE signing_keys SET withdrawn_at = $3, signs_until = CASE WHEN signs_until = 0 THEN CAST($3 AS BIGINT) ELSE signs_until END
		WHERE alg = $1 AND generation < $2 AND withdrawn_at = 0 RETURNING kid`, alg, before, at)
}

// PurgeSigningKeys deletes keys that stopped signing before then. One that signs
// or is still to sign is never among them.
func (q *Queries) PurgeSigningKeys(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM signing_keys WHERE kid IN (SELECT kid FROM signing_keys
		WHERE signs_until > 0 AND signs_until < $1 LIMIT $2)`, before, limit)
}
