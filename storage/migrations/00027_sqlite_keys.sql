-- +goose Up

-- SQLite alone: PostgreSQL skips this version. There a key is an index beside the
-- table unless the table says otherwise, and both are written for each row.

-- INTEGER is SQLite's name for the number under which it stores a row anyway.
CREATE TABLE new_audit (
	seq     INTEGER PRIMARY KEY,
	at      BIGINT NOT NULL,
	actor   TEXT NOT NULL,
	action  TEXT NOT NULL,
	subject TEXT NOT NULL,
	details TEXT NOT NULL,
	hash    BYTEA NOT NULL
);
INSERT INTO new_audit (seq, at, actor, action, subject, details, hash)
	SELECT seq, at, actor, action, subject, details, hash FROM audit ORDER BY seq;
DROP TABLE audit;
ALTER TABLE new_audit RENAME TO audit;
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_actor ON audit (actor, seq) WHERE actor <> subject AND actor <> 'system';
CREATE INDEX audit_access ON audit (subject, seq) WHERE action IN ('access.suspended', 'access.reopened', 'access.closed',
	'access.dormant', 'access.reset', 'access.reissued', 'administrator.declined');

-- WITHOUT ROWID keeps the row in the index of its key. It is for short rows in no
-- order, with one more index at most: sessions, grants and tokens, tried as well,
-- cost more that way, because such a table splits its pages at its end more often
-- and repeats the key in each other index.
CREATE TABLE new_failures (
	key     TEXT NOT NULL PRIMARY KEY,
	streak  BIGINT NOT NULL,
	recent  TEXT NOT NULL,
	last_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO new_failures (key, streak, recent, last_at) SELECT key, streak, recent, last_at FROM failures ORDER BY key;
DROP TABLE failures;
ALTER TABLE new_failures RENAME TO failures;
CREATE INDEX failures_last ON failures (last_at);

CREATE TABLE new_throttles (
	key TEXT NOT NULL PRIMARY KEY,
	tat BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO new_throttles (key, tat) SELECT key, tat FROM throttles ORDER BY key;
DROP TABLE throttles;
ALTER TABLE new_throttles RENAME TO throttles;
CREATE INDEX throttles_tat ON throttles (tat);

CREATE TABLE new_assertions (
	hash       BYTEA NOT NULL PRIMARY KEY,
	expires_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO new_assertions (hash, expires_at) SELECT hash, expires_at FROM assertions ORDER BY hash;
DROP TABLE assertions;
ALTER TABLE new_assertions RENAME TO assertions;
CREATE INDEX assertions_expiry ON assertions (expires_at);

CREATE TABLE new_dpop_proofs (
	hash       BYTEA NOT NULL PRIMARY KEY,
	expires_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO new_dpop_proofs (hash, expires_at) SELECT hash, expires_at FROM dpop_proofs ORDER BY hash;
DROP TABLE dpop_proofs;
ALTER TABLE new_dpop_proofs RENAME TO dpop_proofs;
CREATE INDEX dpop_proofs_expiry ON dpop_proofs (expires_at);

CREATE TABLE new_consents (
	user_id    TEXT NOT NULL REFERENCES users (id),
	client_id  TEXT NOT NULL REFERENCES clients (id),
	scopes     TEXT NOT NULL,
	granted_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, client_id)
) WITHOUT ROWID;
INSERT INTO new_consents (user_id, client_id, scopes, granted_at)
	SELECT user_id, client_id, scopes, granted_at FROM consents ORDER BY user_id, client_id;
DROP TABLE consents;
ALTER TABLE new_consents RENAME TO consents;
