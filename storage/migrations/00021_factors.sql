-- +goose Up

-- What a person shows beside the password: keys and applications of codes. The
-- dialect is that of 00001. data is sealed: the secret of an application, or
-- what is known of a key. credential is the id under which a key calls itself,
-- and the row's own id for an application. counter only goes up: the last time
-- step of which a code was used, the last count of a key's signatures.
CREATE TABLE factors (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    credential TEXT   NOT NULL,
    data       BYTEA  NOT NULL,
    counter    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX factors_user ON factors (user_id);
CREATE UNIQUE INDEX factors_credential ON factors (credential);

-- The codes for who has lost the factors: a keyed hash of each.
CREATE TABLE recovery_codes (
    user_id    TEXT   NOT NULL REFERENCES users (id),
    hash       BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- factor_since is when the first of the factors that a user has was added; 0: none.
ALTER TABLE users ADD COLUMN factor_since BIGINT NOT NULL DEFAULT 0;

-- factor_at is when the person of a session showed a factor. pending is what a
-- page waits for: a challenge, a secret not yet confirmed, codes not yet noted.
ALTER TABLE sessions ADD COLUMN factor_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN pending TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN pending_until BIGINT NOT NULL DEFAULT 0;

-- A request for which a password alone is not enough.
ALTER TABLE flows ADD COLUMN force_factor BOOLEAN NOT NULL DEFAULT FALSE;
