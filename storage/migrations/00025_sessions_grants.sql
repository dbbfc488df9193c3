-- +goose Up

-- The grants of a session are found among those of its person, by
-- grants_user_client: one index less to write for each authorization.
DROP INDEX grants_session;
