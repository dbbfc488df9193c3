-- +goose Up

-- known_browsers: in which browsers a user has signed in with a password of his
-- own. hash is that of the browser's cookie.
CREATE TABLE known_browsers (
	id         TEXT PRIMARY KEY,
	hash       BYTEA NOT NULL,
	user_id    TEXT NOT NULL REFERENCES users (id),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	UNIQUE (user_id, hash)
);
CREATE INDEX known_browsers_expiry ON known_browsers (expires_at);

-- help_requests wait a moment until they are looked at, so that who asks cannot
-- tell from the answer what is known of an account. typed is sealed.
CREATE TABLE help_requests (
	id         TEXT PRIMARY KEY,
	kind       TEXT NOT NULL,
	typed      BYTEA NOT NULL,
	problem_id TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX help_requests_created ON help_requests (created_at);

-- problems: one walk of one browser through « Problème de connexion », under the
-- reference that the person is told.
CREATE TABLE problems (
	id           TEXT PRIMARY KEY,
	reference    TEXT NOT NULL UNIQUE,
	browser_hash BYTEA NOT NULL,
	path         TEXT NOT NULL,
	account_id   TEXT NOT NULL,
	outcome      TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	seen_at      BIGINT NOT NULL
);
CREATE INDEX problems_browser ON problems (browser_hash);
CREATE INDEX problems_seen ON problems (seen_at);

-- An organisation's first credentials go to its own address.
CREATE INDEX accounts_contact ON accounts (lower(contact_email)) WHERE contact_email <> '';
