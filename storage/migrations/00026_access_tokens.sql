-- +goose Up

-- Nobody looks for the access tokens of a grant but who is handed out their
-- data: revoking the grant is enough to end them. They live for minutes, so that
-- the rare look goes through few, and each token is an index less to write.
DROP INDEX access_tokens_grant;
