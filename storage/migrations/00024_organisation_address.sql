-- +goose Up

-- An administrator changes the e-mail address of the organisation. The dialect
-- is that of 00001.

-- purpose is whose address waits for its code: the person's own, or that of the
-- organisation the person administers. One of each may wait.
CREATE TABLE new_email_changes (
	user_id    TEXT NOT NULL REFERENCES users (id),
	purpose    TEXT NOT NULL CHECK (purpose IN ('own', 'organisation')),
	email      TEXT NOT NULL,
	email_key  TEXT NOT NULL,
	code_hash  BYTEA NOT NULL,
	attempts   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	sent_day   BIGINT NOT NULL,
	sent_count BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, purpose)
);
INSERT INTO new_email_changes (user_id, purpose, email, email_key, code_hash, attempts, expires_at, sent_day, sent_count, created_at)
	SELECT user_id, 'own', email, email_key, code_hash, attempts, expires_at, sent_day, sent_count, created_at FROM email_changes;
DROP TABLE email_changes;
ALTER TABLE new_email_changes RENAME TO email_changes;
CREATE INDEX email_changes_expiry ON email_changes (expires_at);

-- contact_changed_at is when an administrator gave the organisation's address, 0
-- when it is the agency's.
ALTER TABLE accounts ADD COLUMN contact_changed_at BIGINT NOT NULL DEFAULT 0;
