-- +goose Up

-- pushed_requests are authorization requests that clients sent ahead (RFC 9126).
-- request is what was kept of one, checked once, without any credential; hash is
-- that of the request_uri, which is stored nowhere. A request is used when it is
-- answered.
CREATE TABLE pushed_requests (
	hash       BYTEA PRIMARY KEY,
	client_id  TEXT NOT NULL REFERENCES clients (id),
	request    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);
CREATE INDEX pushed_requests_expiry ON pushed_requests (expires_at);
