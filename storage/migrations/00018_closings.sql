-- +goose Up

-- closings: somebody asked for his access to be closed, and what came of it. One
-- request of a person is open at most. The dialect is that of 00001.
CREATE TABLE closings (
	id           TEXT PRIMARY KEY,
	user_id      TEXT NOT NULL REFERENCES users (id),
	reason       TEXT NOT NULL,
	asked_at     BIGINT NOT NULL,
	withdrawn_at BIGINT NOT NULL,
	answered_at  BIGINT NOT NULL,
	answered_by  TEXT NOT NULL,
	answer       TEXT NOT NULL CHECK (answer IN ('', 'closed', 'refused')),
	note         TEXT NOT NULL
);
CREATE INDEX closings_user ON closings (user_id);
CREATE UNIQUE INDEX closings_open_user ON closings (user_id) WHERE withdrawn_at = 0 AND answered_at = 0;
CREATE INDEX closings_open ON closings (asked_at) WHERE withdrawn_at = 0 AND answered_at = 0;
CREATE INDEX closings_asked ON closings (asked_at);
