-- +goose Up

-- An application may ask which account a person wants to use
-- (prompt=select_account). The dialect is that of 00001.
ALTER TABLE flows ADD COLUMN choose_account BOOLEAN NOT NULL DEFAULT FALSE;
