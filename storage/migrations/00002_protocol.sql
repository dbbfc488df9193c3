-- +goose Up

-- The protocol release. The dialect is that of 00001.

-- Sign-out at the applications (OpenID Connect Back-Channel Logout 1.0).
ALTER TABLE clients ADD COLUMN backchannel_logout_uri TEXT NOT NULL DEFAULT '';

-- Sessions that have not been ended, for the job that ends those whose absolute
-- end has come.
CREATE INDEX sessions_open ON sessions (expires_at) WHERE ended_at = 0;

-- logouts is the outbox of logout tokens: each application that was signed in
-- to in a session is told of its end, once. A row is written in the transaction
-- that ends the session; the token is made when it is sent.
CREATE TABLE logouts (
	session_id   TEXT NOT NULL,
	client_id    TEXT NOT NULL REFERENCES clients (id),
	user_id      TEXT NOT NULL REFERENCES users (id),
	state        TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
	not_before   BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	attempts     BIGINT NOT NULL,
	last_error   TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	left_at      BIGINT NOT NULL,
	PRIMARY KEY (session_id, client_id)
);
CREATE INDEX logouts_queue ON logouts (not_before) WHERE state = 'queued';
CREATE INDEX logouts_left ON logouts (left_at) WHERE left_at > 0;

-- The grants of the token endpoint a client may use, and the clients (resource
-- servers) its access tokens are meant for; space lists.
ALTER TABLE clients ADD COLUMN grant_types TEXT NOT NULL DEFAULT 'authorization_code';
ALTER TABLE clients ADD COLUMN audiences TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN audience TEXT NOT NULL DEFAULT '';

-- An offline grant outlives the browser session that it came from.
ALTER TABLE grants ADD COLUMN offline BOOLEAN NOT NULL DEFAULT FALSE;

-- refresh_tokens: those of one grant are a family. A used one stays, so that its
-- reuse is seen. leaked_at is when another client showed it.
CREATE TABLE refresh_tokens (
	signature     TEXT PRIMARY KEY,
	grant_id      TEXT NOT NULL,
	client_id     TEXT NOT NULL,
	scopes        TEXT NOT NULL,
	session       TEXT NOT NULL,
	created_at    BIGINT NOT NULL,
	expires_at    BIGINT NOT NULL,
	first_used_at BIGINT NOT NULL,
	uses          BIGINT NOT NULL,
	leaked_at     BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

-- A signing key that somebody else may know: it is not published and verifies
-- nothing any more.
ALTER TABLE signing_keys ADD COLUMN withdrawn_at BIGINT NOT NULL DEFAULT 0;
