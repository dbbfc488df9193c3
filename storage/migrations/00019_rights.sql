-- +goose Up

-- Rights in applications (habilitations). Which there are stands in the metadata
-- of a client. The dialect is that of 00001.

-- account_rights: how the rights of an account in an application differ from
-- what every account holds there. given and withheld are space lists of names.
CREATE TABLE account_rights (
	account_id TEXT NOT NULL REFERENCES accounts (id),
	client_id  TEXT NOT NULL REFERENCES clients (id),
	given      TEXT NOT NULL,
	withheld   TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (account_id, client_id)
);

-- user_rights: what a member of an organisation was given of it, a space list.
CREATE TABLE user_rights (
	user_id    TEXT NOT NULL REFERENCES users (id),
	client_id  TEXT NOT NULL REFERENCES clients (id),
	rights     TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, client_id)
);
