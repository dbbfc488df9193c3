-- +goose Up

-- grants_user_client begins with the user as well: one index less to write for
-- each sign-in.
DROP INDEX grants_user;
