-- +goose Up

-- confirmed_at is when the person of a session last typed the password again, to
-- do something that needs a recent proof. The dialect is that of 00001.
ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
