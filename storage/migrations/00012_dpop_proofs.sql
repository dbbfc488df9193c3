-- +goose Up

-- dpop_proofs are DPoP proofs (RFC 9449) that have been used, until they are
-- refused by themselves. hash is of the key's thumbprint and the jti, so that
-- nobody uses up the jti of another key.
CREATE TABLE dpop_proofs (
	hash       BYTEA PRIMARY KEY,
	expires_at BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_expiry ON dpop_proofs (expires_at);
