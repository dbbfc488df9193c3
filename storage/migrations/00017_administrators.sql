-- +goose Up

-- Who is administrator of an organisation is told by users.role alone, because
-- there may be several. claimed_at is when the first of them took the role; 0
-- says that the next first sign-in takes it. The dialect is that of 00001.
ALTER TABLE accounts RENAME COLUMN administrator_at TO claimed_at;
ALTER TABLE accounts DROP COLUMN administrator_id;
