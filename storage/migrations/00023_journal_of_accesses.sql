-- +goose Up

-- What happened to people's accesses, for the journal of their organisation: of a
-- thousand people, without what each of them did at every sign-in.
CREATE INDEX audit_access ON audit (subject, seq) WHERE action IN ('access.suspended', 'access.reopened', 'access.closed',
	'access.dormant', 'access.reset', 'access.reissued', 'administrator.declined');
