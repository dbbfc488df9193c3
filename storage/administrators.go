package storage

import (
	"context"
	"errors"
)

// An organisation that has an active administrator keeps one. The statements of
// this file see to it: each writes the account's row first, so that on both
// databases the second of two acts in one organisation begins when the first has
// ended, and looks at what that one left. Each takes the account's id, so that
// nobody reaches a person of another organisation: ErrNotFound. What the agency
// and time do to an access (SetUserState, MakeDormant) asks nothing of the kind.
//
// Inside a transaction they come before other writes to the users concerned,
// else two acts may wait for each other.

var (
	// ErrLastAdministrator says that an organisation would be left without an
	// active administrator.
	ErrLastAdministrator = errors.New("last administrator")
	// ErrTooManyAdministrators says that an organisation has as many as it may.
	ErrTooManyAdministrators = errors.New("too many administrators")
)

// HoldAccount makes others who act on the account wait until this transaction
// has ended.
func (q *Queries) HoldAccount(ctx context.Context, accountID string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE accounts SET updated_at = $2 WHERE id = $1 RETURNING id`, accountID, now)
	return err
}

// HoldAdministrator is HoldAccount for what an administrator does: ErrNotFound
// when the user is no active administrator of that account any more.
func (q *Queries) HoldAdministrator(ctx context.Context, accountID, userID string, now Time) (User, error) {
	if err := q.HoldAccount(ctx, accountID, now); err != nil {
		return User{}, err
	}
	return one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users
		WHERE id = $1 AND account_id = $2 AND role = 'administrator' AND state = 'active'`, userID, accountID)
}

// ClaimOrganisation makes the user the first administrator. Of two persons who
// sign in first at once one wins; the other gets ErrNotFound.
func (q *Queries) ClaimOrganisation(ctx context.Context, accountID, userID string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE accounts SET claimed_at = $2, updated_at = $2
		WHERE id = $1 AND kind = 'organisation' AND claimed_at = 0 RETURNING id`, accountID, now)
	if err != nil {
		return err
	}
	_, err = one(ctx, q, scanOne[string], `UPDATE users SET role = 'administrator' WHERE id = $1 AND account_id = $2 RETURNING id`, userID, accountID)
	return err
}

// MakeAdministrator gives an active member the role. ErrTooManyAdministrators
// when most have it already, suspended and dormant ones included.
func (q *Queries) MakeAdministrator(ctx context.Context, accountID, userID string, most int, now Time) (User, error) {
	if err := q.HoldAccount(ctx, accountID, now); err != nil {
		return User{}, err
	}
	u, err := one(ctx, q, scanUser, `UPDATE users SET role = 'administrator' WHERE `+mayBeAppointed+`
		AND (SELECT COUNT(*) FROM users AS other WHERE other.account_id = $2 AND other.role = 'administrator' AND other.state <> 'closed') < $3
		RETURNING `+userColumns, userID, accountID, most)
	if err == nil {
		return u, q.claimed(ctx, accountID, now)
	}
	if !errors.Is(err, ErrNotFound) {
		return u, err
	}
	if u, err = one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE `+mayBeAppointed, userID, accountID); err == nil {
		err = ErrTooManyAdministrators
	}
	return u, err
}

const mayBeAppointed = `id = $1 AND account_id = $2 AND role = 'member' AND state = 'active'`

// claimed notes that the next first sign-in makes nobody administrator.
func (q *Queries) claimed(ctx context.Context, accountID string, now Time) error {
	return q.exec(ctx, `UPDATE accounts SET claimed_at = $2 WHERE id = $1 AND claimed_at = 0`, accountID, now)
}

// keepsOne is true of a user without whom the account still has an active
// administrator, or has none to lose.
const keepsOne = `(role <> 'administrator' OR state <> 'active' OR EXISTS (SELECT 1 FROM users AS other
	WHERE other.account_id = users.account_id AND other.id <> users.id AND other.role = 'administrator' AND other.state = 'active'))`

// release takes role or access from a user, unless he is the last active
// administrator; then it returns ErrLastAdministrator. set and from are the
// statement's; args follow the ids.
func (q *Queries) release(ctx context.Context, accountID, userID string, now Time, set, from string, args ...any) (User, error) {
	if err := q.HoldAccount(ctx, accountID, now); err != nil {
		return User{}, err
	}
	u, err := one(ctx, q, scanUser, `UPDATE users SET `+set+` WHERE id = $1 AND account_id = $2 AND `+from+` AND `+keepsOne+
		` RETURNING `+userColumns, append([]any{userID, accountID}, args...)...)
	if !errors.Is(err, ErrNotFound) {
		return u, err
	}
	u, err = one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1 AND account_id = $2 AND `+from, userID, accountID)
	if err == nil {
		err = ErrLastAdministrator
	}
	return u, err
}

// DemoteAdministrator makes an administrator a member. ErrNotFound when he is
// none.
func (q *Queries) DemoteAdministrator(ctx context.Context, accountID, userID string, now Time) (User, error) {
	return q.release(ctx, accountID, userID, now, `role = 'member'`, `role = 'administrator' AND state <> 'closed'`)
}

// SuspendUser stops the user's access, and ends every session and all that
// applications hold. ErrNotFound when it is suspended or closed.
func (q *Queries) SuspendUser(ctx context.Context, accountID, userID string, now Time) (User, error) {
	u, err := q.release(ctx, accountID, userID, now, `state = 'suspended', state_at = $3, dormancy_at = 0, dormancy_warnings = 0`,
		`state IN ('issued', 'active', 'dormant')`, now)
	if err != nil {
		return u, err
	}
	return u, q.EndOtherSessions(ctx, u.ID, "", now)
}

// CloseUser ends the user's access for good: every session, all that
// applications hold, and every provisional password; codes that wait to leave
// are given up for that reason. ErrNotFound when it is closed.
func (q *Queries) CloseUser(ctx context.Context, accountID, userID, reason string, now Time) (User, error) {
	u, err := q.release(ctx, accountID, userID, now, `state = 'closed', state_at = $3, dormancy_at = 0, dormancy_warnings = 0`,
		`state <> 'closed'`, now)
	if err != nil {
		return u, err
	}
	return u, errors.Join(q.EndOtherSessions(ctx, u.ID, "", now), q.GiveUpCredentials(ctx, u.ID, reason, now),
		q.SupersedeOtherProvisionals(ctx, u.ID, "", now))
}

// HandOver passes the role from one user to another in one act, however many
// administrators there may be: the one becomes a member, the other, an active
// member until now, administrator. It returns both as they are then. ErrNotFound
// when either is not what he has to be.
func (q *Queries) HandOver(ctx context.Context, accountID, fromID, toID string, now Time) (from, to User, err error) {
	if err := q.HoldAccount(ctx, accountID, now); err != nil {
		return from, to, err
	}
	to, err = one(ctx, q, scanUser, `UPDATE users SET role = 'administrator' WHERE `+mayBeAppointed+` RETURNING `+userColumns, toID, accountID)
	if err != nil {
		return from, to, err
	}
	from, err = q.DemoteAdministrator(ctx, accountID, fromID, now)
	return from, to, err
}

// UnclaimOrganisation takes the role from everybody, so that the next first
// sign-in makes an administrator again. An e-mail address of the organisation
// that an administrator gave goes with them. It is the agency's alone.
// ErrNotFound when nobody has claimed the organisation.
func (q *Queries) UnclaimOrganisation(ctx context.Context, accountID string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE accounts SET claimed_at = 0, updated_at = $2,
		contact_email = CASE WHEN contact_changed_at = 0 THEN contact_email ELSE '' END, contact_changed_at = 0
		WHERE id = $1 AND claimed_at <> 0 RETURNING id`, accountID, now)
	if err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE users SET role = 'member' WHERE account_id = $1 AND role = 'administrator'`, accountID)
}
