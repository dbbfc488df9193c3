-- +goose Up

-- Applications that register themselves, and their logos. The dialect is that of 00001.

-- invitations are the initial access tokens of dynamic registration (RFC 7591
-- §3): the hash of each, and what whoever brings it may register.
CREATE TABLE invitations (
	id         TEXT PRIMARY KEY,
	hash       BYTEA NOT NULL UNIQUE,
	publisher  TEXT NOT NULL,
	scopes     TEXT NOT NULL,
	uses_left  BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX invitations_expiry ON invitations (expires_at);

-- registrations: what a client that registered itself was invited to.
CREATE TABLE registrations (
	client_id  TEXT PRIMARY KEY REFERENCES clients (id),
	invitation TEXT NOT NULL,
	publisher  TEXT NOT NULL,
	scopes     TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

-- logos are fetched once and shown from our own address. uri is where it came
-- from: a client that names another one has no logo until that is fetched.
CREATE TABLE logos (
	client_id  TEXT PRIMARY KEY REFERENCES clients (id),
	uri        TEXT NOT NULL,
	type       TEXT NOT NULL CHECK (type IN ('image/png', 'image/jpeg')),
	image      BYTEA NOT NULL,
	fetched_at BIGINT NOT NULL
);

-- For what somebody withdraws from one application.
CREATE INDEX grants_user_client ON grants (user_id, client_id);
