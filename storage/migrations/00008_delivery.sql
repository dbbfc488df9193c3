-- +goose Up

-- What comes back, and print runs that somebody has put through a printer. The
-- dialect is that of 00001.

-- messages once more, because a column's CHECK cannot be widened on SQLite.
-- letter is the number on the sheet, run and place: 0012-00034. provisional_id
-- is the provisional password that the message carried.
CREATE TABLE new_messages (
	id             TEXT PRIMARY KEY,
	kind           TEXT NOT NULL,
	channel        TEXT NOT NULL CHECK (channel IN ('email', 'letter')),
	account_id     TEXT NOT NULL REFERENCES accounts (id),
	user_id        TEXT NOT NULL REFERENCES users (id),
	data           TEXT NOT NULL,
	state          TEXT NOT NULL CHECK (state IN ('held', 'queued', 'sent', 'printed', 'failed', 'bounced', 'returned', 'replaced')),
	priority       BIGINT NOT NULL,
	follows        TEXT NOT NULL,
	not_before     BIGINT NOT NULL,
	leased_until   BIGINT NOT NULL,
	attempts       BIGINT NOT NULL,
	last_error     TEXT NOT NULL,
	run            BIGINT NOT NULL,
	created_at     BIGINT NOT NULL,
	left_at        BIGINT NOT NULL,
	letter         TEXT NOT NULL DEFAULT '',
	provisional_id TEXT NOT NULL DEFAULT ''
);
INSERT INTO new_messages (id, kind, channel, account_id, user_id, data, state, priority, follows, not_before, leased_until,
	attempts, last_error, run, created_at, left_at)
	SELECT id, kind, channel, account_id, user_id, data, state, priority, follows, not_before, leased_until,
	attempts, last_error, run, created_at, left_at FROM messages;
DROP TABLE messages;
ALTER TABLE new_messages RENAME TO messages;
CREATE INDEX messages_queue ON messages (channel, priority, not_before) WHERE state = 'queued';
CREATE INDEX messages_follows ON messages (follows) WHERE state = 'held';
CREATE INDEX messages_run ON messages (run) WHERE run > 0;
CREATE INDEX messages_left ON messages (left_at) WHERE left_at > 0;
CREATE INDEX messages_user ON messages (user_id);
CREATE INDEX messages_letter ON messages (letter) WHERE letter <> '';
CREATE INDEX messages_provisional ON messages (provisional_id) WHERE provisional_id <> '';

ALTER TABLE print_runs ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE print_runs ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT '';

-- undeliverable: the address of an account from which something came back,
-- until the agency or the person gives another one.
CREATE TABLE undeliverable (
	account_id TEXT NOT NULL REFERENCES accounts (id),
	channel    TEXT NOT NULL CHECK (channel IN ('email', 'letter')),
	reason     TEXT NOT NULL,
	since      BIGINT NOT NULL,
	PRIMARY KEY (account_id, channel)
);
