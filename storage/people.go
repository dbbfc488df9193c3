package storage

import (
	"context"
	"fmt"
	"strings"
)

// An administrator looks after the people of his organisation. The organisation
// stands in each statement: nobody reaches a person of another one. Each write
// begins with HoldAdministrator, so that whoever acts is still an administrator,
// and rests on administrators.go for what must leave one.

// Acting is who acts in which organisation.
type Acting struct {
	AccountID string
	ActorID   string
}

// SuspendPerson stops a person's access, until an administrator reopens it.
func (q *Queries) SuspendPerson(ctx context.Context, by Acting, userID string, now Time) (User, error) {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, now); err != nil {
		return User{}, err
	}
	u, err := q.SuspendUser(ctx, by.AccountID, userID, now)
	if err != nil {
		return u, err
	}
	return u, q.exec(ctx, `UPDATE users SET suspended_by = $2 WHERE id = $1`, userID, by.ActorID)
}

// ReopenPerson takes SuspendPerson back; what the agency suspended stays.
func (q *Queries) ReopenPerson(ctx context.Context, by Acting, userID string, now Time) (User, error) {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, now); err != nil {
		return User{}, err
	}
	return one(ctx, q, scanUser, `UPDATE users SET state = CASE WHEN activated_at = 0 THEN 'issued' ELSE 'active' END, state_at = $3, suspended_by = ''
		WHERE id = $2 AND account_id = $1 AND state = 'suspended' AND suspended_by <> '' RETURNING `+userColumns, by.AccountID, userID, now)
}

// RemovePerson ends a person's access for good.
func (q *Queries) RemovePerson(ctx context.Context, by Acting, userID string, now Time) (User, error) {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, now); err != nil {
		return User{}, err
	}
	u, err := q.CloseUser(ctx, by.AccountID, userID, "the person was removed", now)
	if err != nil {
		return u, err
	}
	return u, q.dropOffers(ctx, userID)
}

// DemotePerson makes another administrator a member. His rights are the caller's
// to store.
func (q *Queries) DemotePerson(ctx context.Context, by Acting, userID string, now Time) (User, error) {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, now); err != nil {
		return User{}, err
	}
	u, err := q.DemoteAdministrator(ctx, by.AccountID, userID, now)
	if err != nil {
		return u, err
	}
	return u, q.dropOffers(ctx, userID)
}

// HoldPerson makes others who act in the organisation wait, and returns the
// person as he is now.
func (q *Queries) HoldPerson(ctx context.Context, by Acting, userID string, now Time) (User, error) {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, now); err != nil {
		return User{}, err
	}
	return one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE id = $2 AND account_id = $1 AND state <> 'closed'`, by.AccountID, userID)
}

// ErrFull says that the organisation has as many people as it may.
var ErrFull = fmt.Errorf("organisation is full: %w", ErrConflict)

// InvitePerson stores a new member, as long as the organisation has fewer than
// most. ErrFull when it has not, ErrNotFound when whoever acts may not any more,
// ErrConflict when identifier or e-mail address is taken: on PostgreSQL that
// ends the transaction.
func (q *Queries) InvitePerson(ctx context.Context, by Acting, u User, most int) error {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, u.CreatedAt); err != nil {
		return err
	}
	count, err := q.CountPeople(ctx, by.AccountID, "")
	if err != nil {
		return err
	}
	if count >= most {
		return ErrFull
	}
	u.AccountID, u.Role, u.State, u.InvitedBy = by.AccountID, RoleMember, StateIssued, by.ActorID
	return q.CreateUser(ctx, u)
}

// Review notes that the list of people is right.
func (q *Queries) Review(ctx context.Context, by Acting, now Time) error {
	if _, err := q.HoldAdministrator(ctx, by.AccountID, by.ActorID, now); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE accounts SET reviewed_at = $2 WHERE id = $1`, by.AccountID, now)
}

// ChangeContact makes an address the organisation's, and forgets those that wait
// for a code to be it, whoever of its administrators asked: they have not seen
// this one. Begin the transaction with HoldAdministrator.
func (q *Queries) ChangeContact(ctx context.Context, accountID, email string, now Time) error {
	if err := q.ClearUndeliverable(ctx, accountID, ByEmail); err != nil {
		return err
	}
	if err := q.exec(ctx, `UPDATE accounts SET contact_email = $2, contact_changed_at = $3, updated_at = $3 WHERE id = $1`, accountID, email, now); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE email_changes SET email = '', email_key = '', expires_at = 0
		WHERE purpose = 'organisation' AND user_id IN (SELECT id FROM users WHERE account_id = $1)`, accountID)
}

// Person is somebody of an organisation, as its administrators see him.
type Person struct {
	User
	Invited     bool // has a provisional password that can be used, or one is on its way
	SuspendedBy string
}

const personColumns = `, CASE WHEN users.state <> 'issued' THEN FALSE ELSE
	EXISTS (SELECT 1 FROM provisionals AS p WHERE p.user_id = users.id AND p.used_at = 0 AND p.superseded_at = 0 AND p.expires_at > $2)
	OR EXISTS (SELECT 1 FROM messages AS m WHERE m.user_id = users.id AND m.kind = 'provisional' AND m.state IN ('held', 'queued')) END, users.suspended_by`

func scanMember(s scanner) (p Person, err error) {
	err = s.Scan(append(p.User.fields(), &p.Invited, &p.SuspendedBy)...)
	return p, err
}

var selectPerson = `SELECT ` + qualified("users", userColumns) + personColumns + ` FROM users`

// PersonOf returns somebody of the organisation; ErrNotFound when he is not one
// of it, or was removed.
func (q *Queries) PersonOf(ctx context.Context, accountID, userID string, now Time) (Person, error) {
	return one(ctx, q, scanMember, selectPerson+` WHERE users.account_id = $1 AND users.id = $3 AND users.state <> 'closed'`, accountID, now, userID)
}

// PeopleOf returns a page of the organisation's people, by name. search is part
// of a name, an e-mail address or an identifier, "" for all; small letters find
// large ones.
func (q *Queries) PeopleOf(ctx context.Context, accountID, search string, now Time, limit, offset int) ([]Person, error) {
	return q.people(ctx, `users.state <> 'closed'`, accountID, search, now, limit, offset)
}

// HeirsOf is PeopleOf for those who may receive the administrator's role: active
// members.
func (q *Queries) HeirsOf(ctx context.Context, accountID, search string, now Time, limit, offset int) ([]Person, error) {
	return q.people(ctx, mayInherit, accountID, search, now, limit, offset)
}

const mayInherit = `users.role = 'member' AND users.state = 'active'`

func (q *Queries) people(ctx context.Context, which, accountID, search string, now Time, limit, offset int) ([]Person, error) {
	return all(ctx, q, scanMember, selectPerson+` WHERE users.account_id = $1 AND `+which+matching("$5")+`
		ORDER BY users.family_name, users.given_name, users.id LIMIT $3 OFFSET $4`, accountID, now, limit, offset, pattern(search))
}

// CountPeople tells how many people PeopleOf has pages of.
func (q *Queries) CountPeople(ctx context.Context, accountID, search string) (int, error) {
	return q.countPeople(ctx, `users.state <> 'closed'`, accountID, search)
}

// CountHeirs tells how many people HeirsOf has pages of.
func (q *Queries) CountHeirs(ctx context.Context, accountID, search string) (int, error) {
	return q.countPeople(ctx, mayInherit, accountID, search)
}

func (q *Queries) countPeople(ctx context.Context, which, accountID, search string) (int, error) {
	return one(ctx, q, scanOne[int], `SELECT COUNT(*) FROM users WHERE users.account_id = $1 AND `+which+matching("$2"), accountID, pattern(search))
}

// matching is the condition of a search; the pattern of everything is %.
func matching(parameter string) string {
	return ` AND (CAST(` + parameter + ` AS TEXT) = '%' OR lower(users.given_name || ' ' || users.family_name) LIKE ` + parameter + ` ESCAPE '!'
		OR users.email_key LIKE ` + parameter + ` ESCAPE '!' OR lower(users.identifier) LIKE ` + parameter + ` ESCAPE '!')`
}

func pattern(search string) string {
	if search == "" {
		return "%"
	}
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(search)) + "%"
}

// AdministratorsOf returns the organisation's administrators who have access,
// the one who has been there longest first.
func (q *Queries) AdministratorsOf(ctx context.Context, accountID string) ([]User, error) {
	return all(ctx, q, scanUser, `SELECT `+userColumns+` FROM users
		WHERE account_id = $1 AND role = 'administrator' AND state <> 'closed' ORDER BY id`, accountID)
}

// aboutAccess are the events about a person that are his organisation's business
// too. The index audit_access has the same list.
const aboutAccess = `action IN ('access.suspended', 'access.reopened', 'access.closed',
	'access.dormant', 'access.reset', 'access.reissued', 'administrator.declined')`

// JournalOf returns events about the organisation and about its people's
// accesses, newest first, from before seq; 0 begins with the newest.
func (q *Queries) JournalOf(ctx context.Context, accountID string, before int64, limit int) ([]AuditEvent, error) {
	return all(ctx, q, scanAudit, `SELECT seq, at, actor, action, subject, details, hash FROM audit
			WHERE subject = $1 AND (CAST($2 AS BIGINT) = 0 OR seq < $2)
		UNION ALL SELECT seq, at, actor, action, subject, details, hash FROM audit
			WHERE subject IN (SELECT id FROM users WHERE account_id = $1) AND `+aboutAccess+` AND (CAST($2 AS BIGINT) = 0 OR seq < $2)
		ORDER BY seq DESC LIMIT $3`, accountID, before, limit)
}
