-- +goose Up

-- Client assertions (RFC 7523) that have been used. The dialect is that of 00001.

-- assertions: hash is of the client and its jti, so that one client cannot use
-- up the jti of another.
CREATE TABLE assertions (
	hash       BYTEA PRIMARY KEY,
	expires_at BIGINT NOT NULL
);
CREATE INDEX assertions_expiry ON assertions (expires_at);
