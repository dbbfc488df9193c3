package storage

import "context"

// SigningKey signs ID tokens. Generations of one algorithm follow each other;
// all of them are published, the newest that has begun signs.
type SigningKey struct {
	KID        string
	Alg        string // RS256 or ES256
	Generation int64  // 1, 2, 3 …, once per algorithm
	Sealed     []byte // private key, sealed for the place "signing_keys/" + KID
	Public     string // JWK, public members only
	CreatedAt  Time
	SignsFrom  Time
	SignsUntil Time // 0: until a newer one begins
}

const keyColumns = `kid, alg, generation, sealed, public, created_at, signs_from, signs_until`

func scanKey(s scanner) (k SigningKey, err error) {
	err = s.Scan(&k.KID, &k.Alg, &k.Generation, &k.Sealed, &k.Public, &k.CreatedAt, &k.SignsFrom, &k.SignsUntil)
	return k, err
}

// SigningKeys returns every key, oldest generation first.
func (q *Queries) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	return all(ctx, q, scanKey, `SELECT `+keyColumns+` FROM signing_keys ORDER BY alg, generation`)
}

// AddSigningKey stores a key unless its algorithm has one of that generation
// already: of replicas that start at once one wins, and all read its key.
func (q *Queries) AddSigningKey(ctx context.Context, k SigningKey) error {
	return q.exec(ctx, `INSERT INTO signing_keys (`+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (alg, generation) DO NOTHING`,
		k.KID, k.Alg, k.Generation, k.Sealed, k.Public, k.CreatedAt, k.SignsFrom, k.SignsUntil)
}
