-- +goose Up

-- The life of an access after it was opened. The dialect is that of 00001.

-- state_at is when the agency or time last changed the state. reminders is how
-- many a person who never signed in was sent. dormancy_at is the day that a
-- warning announced, dormancy_warnings how many warnings were sent. erased_at is
-- when what is personal was erased.
ALTER TABLE users ADD COLUMN state_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN reminders BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN dormancy_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN dormancy_warnings BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;

-- Partial, so that a run that finds nothing to do costs nothing, however many
-- accounts there are.
CREATE INDEX users_unused ON users (reminders, created_at) WHERE state = 'issued';
CREATE INDEX users_idle ON users (last_sign_in_at) WHERE state = 'active' AND dormancy_at = 0;
CREATE INDEX users_warned ON users (dormancy_warnings, dormancy_at) WHERE state = 'active' AND dormancy_at > 0;
CREATE INDEX users_dormant ON users (state_at) WHERE state = 'dormant';
CREATE INDEX users_closed ON users (state_at) WHERE state = 'closed' AND erased_at = 0;
