-- +goose Up

-- What a person did to others, for the copy of his data. Most events are about
-- who did them, or the system's: they cost this index nothing.
CREATE INDEX audit_actor ON audit (actor, seq) WHERE actor <> subject AND actor <> 'system';
