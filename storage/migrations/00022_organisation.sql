-- +goose Up

-- People of an organisation look after each other's access. The dialect is that
-- of 00001.

-- invited_by is the administrator who invited the person, '' when the agency
-- opened the access. suspended_by is the administrator who suspended it, ''
-- when the agency did: what the agency stopped only the agency reopens.
ALTER TABLE users ADD COLUMN invited_by TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN suspended_by TEXT NOT NULL DEFAULT '';

-- reviewed_at is when an administrator last said that the list of people is right.
ALTER TABLE accounts ADD COLUMN reviewed_at BIGINT NOT NULL DEFAULT 0;

-- role_offers: an administrator offers the role to a member, who has it once he
-- accepts. keeps is what the one who offers is afterwards.
CREATE TABLE role_offers (
	account_id TEXT PRIMARY KEY REFERENCES accounts (id),
	from_id    TEXT NOT NULL REFERENCES users (id),
	to_id      TEXT NOT NULL REFERENCES users (id),
	keeps      TEXT NOT NULL CHECK (keeps IN ('administrator', 'member', 'nothing')),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX role_offers_expiry ON role_offers (expires_at);

-- The list of an organisation's people, in its order.
CREATE INDEX users_people ON users (account_id, family_name, given_name, id) WHERE state <> 'closed';
