-- +goose Up

-- One dialect for SQLite and PostgreSQL: TEXT, BIGINT, BOOLEAN, BYTEA only.
-- Times are Unix seconds, 0 is never. Empty text is "none", so that columns stay NOT NULL.

CREATE TABLE accounts (
	id               TEXT PRIMARY KEY,
	number           TEXT NOT NULL UNIQUE,
	kind             TEXT NOT NULL CHECK (kind IN ('individual', 'organisation')),
	department       TEXT NOT NULL,
	company_name     TEXT NOT NULL,
	siret            TEXT NOT NULL,
	channel          TEXT NOT NULL CHECK (channel IN ('email', 'letter')),
	contact_email    TEXT NOT NULL,
	address          TEXT NOT NULL,
	administrator_id TEXT NOT NULL,
	administrator_at BIGINT NOT NULL,
	suspended_at     BIGINT NOT NULL,
	created_at       BIGINT NOT NULL,
	updated_at       BIGINT NOT NULL
);

CREATE TABLE users (
	id                   TEXT PRIMARY KEY,
	account_id           TEXT NOT NULL REFERENCES accounts (id),
	identifier           TEXT NOT NULL UNIQUE,
	title                TEXT NOT NULL,
	given_name           TEXT NOT NULL,
	family_name          TEXT NOT NULL,
	email                TEXT NOT NULL,
	email_key            TEXT NOT NULL,
	email_verified_at    BIGINT NOT NULL,
	phone                TEXT NOT NULL,
	job_title            TEXT NOT NULL,
	role                 TEXT NOT NULL CHECK (role IN ('holder', 'administrator', 'member')),
	state                TEXT NOT NULL CHECK (state IN ('issued', 'active', 'suspended', 'dormant', 'closed')),
	password_hash        TEXT NOT NULL,
	password_set_at      BIGINT NOT NULL,
	password_must_change BOOLEAN NOT NULL,
	details_at           BIGINT NOT NULL,
	activated_at         BIGINT NOT NULL,
	last_sign_in_at      BIGINT NOT NULL,
	created_at           BIGINT NOT NULL
);
CREATE INDEX users_account ON users (account_id);
CREATE UNIQUE INDEX users_email ON users (email_key) WHERE email_key <> '';

CREATE TABLE provisionals (
	id            TEXT PRIMARY KEY,
	user_id       TEXT NOT NULL REFERENCES users (id),
	hash          BYTEA NOT NULL,
	channel       TEXT NOT NULL CHECK (channel IN ('email', 'letter')),
	email_key     TEXT NOT NULL,
	created_at    BIGINT NOT NULL,
	expires_at    BIGINT NOT NULL,
	used_at       BIGINT NOT NULL,
	superseded_at BIGINT NOT NULL
);
CREATE INDEX provisionals_user ON provisionals (user_id);
CREATE INDEX provisionals_expiry ON provisionals (expires_at);

CREATE TABLE sessions (
	id                        TEXT PRIMARY KEY,
	id_hash                   BYTEA NOT NULL UNIQUE,
	user_id                   TEXT NOT NULL REFERENCES users (id),
	provisional_id            TEXT NOT NULL,
	amr                       TEXT NOT NULL,
	authenticated_at          BIGINT NOT NULL,
	administrator_accepted_at BIGINT NOT NULL,
	user_agent                TEXT NOT NULL,
	seen_at                   BIGINT NOT NULL,
	expires_at                BIGINT NOT NULL,
	ended_at                  BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE email_changes (
	user_id    TEXT PRIMARY KEY REFERENCES users (id),
	email      TEXT NOT NULL,
	email_key  TEXT NOT NULL,
	code_hash  BYTEA NOT NULL,
	attempts   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	sent_day   BIGINT NOT NULL,
	sent_count BIGINT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX email_changes_expiry ON email_changes (expires_at);

CREATE TABLE documents (
	id           TEXT PRIMARY KEY,
	kind         TEXT NOT NULL CHECK (kind IN ('rules', 'terms')),
	version      TEXT NOT NULL,
	summary      TEXT NOT NULL,
	text         TEXT NOT NULL,
	sha256       TEXT NOT NULL,
	published_at BIGINT NOT NULL,
	UNIQUE (kind, version)
);
CREATE INDEX documents_current ON documents (kind, published_at);

CREATE TABLE acceptances (
	id          TEXT PRIMARY KEY,
	user_id     TEXT NOT NULL REFERENCES users (id),
	account_id  TEXT NOT NULL REFERENCES accounts (id),
	document_id TEXT NOT NULL REFERENCES documents (id),
	kind        TEXT NOT NULL,
	version     TEXT NOT NULL,
	sha256      TEXT NOT NULL,
	accepted_at BIGINT NOT NULL,
	UNIQUE (user_id, document_id)
);

CREATE TABLE clients (
	id                        TEXT PRIMARY KEY,
	name                      TEXT NOT NULL,
	publisher                 TEXT NOT NULL,
	purpose                   TEXT NOT NULL,
	policy_uri                TEXT NOT NULL,
	redirect_uris             TEXT NOT NULL,
	post_logout_redirect_uris TEXT NOT NULL,
	scopes                    TEXT NOT NULL,
	auth_method               TEXT NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
	secret_hash               BYTEA NOT NULL,
	secret_created_at         BIGINT NOT NULL,
	subject_type              TEXT NOT NULL CHECK (subject_type IN ('pairwise', 'public')),
	sector                    TEXT NOT NULL,
	id_token_alg              TEXT NOT NULL CHECK (id_token_alg IN ('RS256', 'ES256')),
	require_pkce              BOOLEAN NOT NULL,
	consent                   TEXT NOT NULL CHECK (consent IN ('ask', 'inform')),
	disabled_at               BIGINT NOT NULL,
	created_at                BIGINT NOT NULL,
	updated_at                BIGINT NOT NULL
);

CREATE TABLE consents (
	user_id    TEXT NOT NULL REFERENCES users (id),
	client_id  TEXT NOT NULL REFERENCES clients (id),
	scopes     TEXT NOT NULL,
	granted_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, client_id)
);

-- flows are the running authorization requests. request is the query of the
-- authorization request, checked once, as it will be answered; beside it stand
-- the facts that the sign-in pages need of it.
CREATE TABLE flows (
	id            TEXT PRIMARY KEY,
	browser_hash  BYTEA NOT NULL,
	client_id     TEXT NOT NULL REFERENCES clients (id),
	request       TEXT NOT NULL,
	redirect_uri  TEXT NOT NULL,
	scopes        TEXT NOT NULL,
	login_hint    TEXT NOT NULL,
	force_sign_in BOOLEAN NOT NULL,
	fresh_after   BIGINT NOT NULL,
	force_consent BOOLEAN NOT NULL,
	session_id    TEXT NOT NULL,
	consented_at  BIGINT NOT NULL,
	denied_at     BIGINT NOT NULL,
	finished_at   BIGINT NOT NULL,
	created_at    BIGINT NOT NULL,
	expires_at    BIGINT NOT NULL
);
CREATE INDEX flows_expiry ON flows (expires_at);

-- grants are the parents of every code and token of one authorisation.
CREATE TABLE grants (
	id         TEXT PRIMARY KEY,
	client_id  TEXT NOT NULL REFERENCES clients (id),
	user_id    TEXT NOT NULL REFERENCES users (id),
	session_id TEXT NOT NULL,
	scopes     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL
);
CREATE INDEX grants_user ON grants (user_id);
CREATE INDEX grants_session ON grants (session_id);
CREATE INDEX grants_expiry ON grants (expires_at);

CREATE TABLE codes (
	signature    TEXT PRIMARY KEY,
	grant_id     TEXT NOT NULL,
	client_id    TEXT NOT NULL,
	request      TEXT NOT NULL,
	scopes       TEXT NOT NULL,
	granted      TEXT NOT NULL,
	session      TEXT NOT NULL,
	requested_at BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	used_at      BIGINT NOT NULL
);
CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE access_tokens (
	signature    TEXT PRIMARY KEY,
	grant_id     TEXT NOT NULL,
	client_id    TEXT NOT NULL,
	scopes       TEXT NOT NULL,
	session      TEXT NOT NULL,
	requested_at BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL
);
CREATE INDEX access_tokens_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);

CREATE TABLE signing_keys (
	kid         TEXT PRIMARY KEY,
	alg         TEXT NOT NULL,
	generation  BIGINT NOT NULL,
	sealed      BYTEA NOT NULL,
	public      TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	signs_from  BIGINT NOT NULL,
	signs_until BIGINT NOT NULL,
	UNIQUE (alg, generation)
);

-- messages is the outbox: what is to be sent or printed, never a secret. A
-- message that follows another is held until that one has left.
CREATE TABLE messages (
	id          TEXT PRIMARY KEY,
	kind        TEXT NOT NULL,
	channel     TEXT NOT NULL CHECK (channel IN ('email', 'letter')),
	account_id  TEXT NOT NULL REFERENCES accounts (id),
	user_id     TEXT NOT NULL REFERENCES users (id),
	data        TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('held', 'queued', 'sent', 'printed', 'failed')),
	priority    BIGINT NOT NULL,
	follows     TEXT NOT NULL,
	not_before  BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	attempts    BIGINT NOT NULL,
	last_error  TEXT NOT NULL,
	run         BIGINT NOT NULL,
	created_at  BIGINT NOT NULL,
	left_at     BIGINT NOT NULL
);
-- Partial, because an import writes hundreds of thousands of rows.
CREATE INDEX messages_queue ON messages (channel, priority, not_before) WHERE state = 'queued';
CREATE INDEX messages_follows ON messages (follows) WHERE state = 'held';
CREATE INDEX messages_run ON messages (run) WHERE run > 0;
CREATE INDEX messages_left ON messages (left_at) WHERE left_at > 0;
CREATE INDEX messages_user ON messages (user_id);

-- print_runs: a run is open while its letters are written. One that stays open
-- was interrupted; its number is never used again.
CREATE TABLE print_runs (
	number     BIGINT PRIMARY KEY,
	kind       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('open', 'printed', 'abandoned')),
	letters    BIGINT NOT NULL,
	file       TEXT NOT NULL,
	sha256     TEXT NOT NULL,
	printed_by TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

-- failures counts wrong passwords and codes; the key is an account's, or a keyed
-- hash where the account is unknown. recent holds the times of the last day.
CREATE TABLE failures (
	key     TEXT PRIMARY KEY,
	streak  BIGINT NOT NULL,
	recent  TEXT NOT NULL,
	last_at BIGINT NOT NULL
);
CREATE INDEX failures_last ON failures (last_at);

CREATE TABLE throttles (
	key TEXT PRIMARY KEY,
	tat BIGINT NOT NULL
);
CREATE INDEX throttles_tat ON throttles (tat);

CREATE TABLE leases (
	name   TEXT PRIMARY KEY,
	holder TEXT NOT NULL,
	until  BIGINT NOT NULL
);

CREATE TABLE audit (
	seq     BIGINT PRIMARY KEY,
	at      BIGINT NOT NULL,
	actor   TEXT NOT NULL,
	action  TEXT NOT NULL,
	subject TEXT NOT NULL,
	details TEXT NOT NULL,
	hash    BYTEA NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, seq);

-- audit_head serialises the chain: whoever updates it writes the next event.
CREATE TABLE audit_head (
	id   BIGINT PRIMARY KEY CHECK (id = 1),
	seq  BIGINT NOT NULL,
	hash BYTEA NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
