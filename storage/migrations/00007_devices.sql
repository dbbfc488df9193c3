-- +goose Up

-- Devices without a keyboard (RFC 8628). The dialect is that of 00001.

-- device_codes: a device waits for a person to type its user code. session is
-- provider/oauth's record of the sign-in, grant_id the grant, once a person has
-- agreed.
CREATE TABLE device_codes (
	signature      TEXT PRIMARY KEY,
	user_code_hash BYTEA NOT NULL UNIQUE,
	client_id      TEXT NOT NULL REFERENCES clients (id),
	scopes         TEXT NOT NULL,
	pause          BIGINT NOT NULL,
	polled_at      BIGINT NOT NULL,
	too_soon       BOOLEAN NOT NULL,
	grant_id       TEXT NOT NULL,
	session        TEXT NOT NULL,
	denied_at      BIGINT NOT NULL,
	used_at        BIGINT NOT NULL,
	created_at     BIGINT NOT NULL,
	expires_at     BIGINT NOT NULL
);
CREATE INDEX device_codes_expiry ON device_codes (expires_at);

-- The flow of a person who typed a user code: which device waits, and the code
-- as it was typed, to be compared with what the device shows.
ALTER TABLE flows ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE flows ADD COLUMN user_code TEXT NOT NULL DEFAULT '';
