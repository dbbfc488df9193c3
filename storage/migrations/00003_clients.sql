-- +goose Up

-- The rest of what a client may register. The dialect is that of 00001.

-- Two columns get more values: SQLite changes a CHECK with a new column only.
ALTER TABLE clients ADD COLUMN new_auth_method TEXT NOT NULL DEFAULT 'client_secret_basic'
	CHECK (new_auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'));
UPDATE clients SET new_auth_method = auth_method;
ALTER TABLE clients DROP COLUMN auth_method;
ALTER TABLE clients RENAME COLUMN new_auth_method TO auth_method;

ALTER TABLE clients ADD COLUMN new_id_token_alg TEXT NOT NULL DEFAULT 'RS256'
	CHECK (new_id_token_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA'));
UPDATE clients SET new_id_token_alg = id_token_alg;
ALTER TABLE clients DROP COLUMN id_token_alg;
ALTER TABLE clients RENAME COLUMN new_id_token_alg TO id_token_alg;

-- metadata is a JSON object with the names of the registries of RFC 7591; what
-- is absent has its default.
ALTER TABLE clients ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';

-- The secret before the last renewal, valid until then.
ALTER TABLE clients ADD COLUMN former_secret_hash BYTEA NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN former_secret_until BIGINT NOT NULL DEFAULT 0;

-- Of a client that registered itself: the hash of its registration access
-- token (RFC 7592). Empty: an operator registered it.
ALTER TABLE clients ADD COLUMN registration_hash BYTEA NOT NULL DEFAULT '';
