-- +goose Up

-- A sign-in writes three indexes less. The dialect is that of 00001.

-- Flows live equally long and their ids sort by time: the purge takes them from
-- the beginning.
DROP INDEX flows_expiry;

-- A session is purged long after it has ended: its end enters it here, not its
-- beginning.
DROP INDEX sessions_expiry;
CREATE INDEX sessions_ended ON sessions (expires_at) WHERE ended_at > 0;

-- A known browser is looked for with its person, never by its id alone.
CREATE TABLE new_known_browsers (
	user_id    TEXT NOT NULL REFERENCES users (id),
	hash       BYTEA NOT NULL,
	id         TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, hash)
);
INSERT INTO new_known_browsers (user_id, hash, id, created_at, expires_at)
	SELECT user_id, hash, id, created_at, expires_at FROM known_browsers;
DROP TABLE known_browsers;
ALTER TABLE new_known_browsers RENAME TO known_browsers;
CREATE INDEX known_browsers_expiry ON known_browsers (expires_at);
