-- +goose Up

-- password_long: when the password was chosen it was long enough for an
-- administrator. Those who are administrators now had to choose such a one. The
-- dialect is that of 00001.
ALTER TABLE users ADD COLUMN password_long BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET password_long = TRUE WHERE role = 'administrator';
