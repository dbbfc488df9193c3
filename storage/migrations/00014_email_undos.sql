-- +goose Up

-- email_undos: an address that somebody gave up in « Mon compte », and that may
-- take the change back until expires_at. hash is that of the link's secret, empty
-- until the mail that carries it is made. The dialect is that of 00001.
CREATE TABLE email_undos (
	id         TEXT PRIMARY KEY,
	user_id    TEXT NOT NULL REFERENCES users (id),
	email      TEXT NOT NULL,
	email_key  TEXT NOT NULL,
	new_email  TEXT NOT NULL,
	hash       BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);
CREATE INDEX email_undos_user ON email_undos (user_id);
CREATE INDEX email_undos_address ON email_undos (email_key);
CREATE INDEX email_undos_expiry ON email_undos (expires_at);
