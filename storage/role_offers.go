package storage

import "context"

// What the one who offers the role is once it is accepted.
const (
	KeepsRole    = "administrator" // the other is a second administrator
	KeepsAccess  = "member"
	KeepsNothing = "nothing" // leaves the organisation
)

// RoleOffer is the administrator's role, offered to a member. An organisation
// has one offer at most.
type RoleOffer struct {
	AccountID string
	FromID    string
	ToID      string
	Keeps     string
	CreatedAt Time
	ExpiresAt Time
}

const roleOfferColumns = `account_id, from_id, to_id, keeps, created_at, expires_at`

func scanRoleOffer(s scanner) (o RoleOffer, err error) {
	err = s.Scan(&o.AccountID, &o.FromID, &o.ToID, &o.Keeps, &o.CreatedAt, &o.ExpiresAt)
	return o, err
}

// RoleOfferOf returns the organisation's offer that has not expired; ErrNotFound
// when there is none.
func (q *Queries) RoleOfferOf(ctx context.Context, accountID string, now Time) (RoleOffer, error) {
	return one(ctx, q, scanRoleOffer, `SELECT `+roleOfferColumns+` FROM role_offers WHERE account_id = $1 AND expires_at > $2`, accountID, now)
}

// OfferRole stores an offer in the place of a former one. ErrNotFound when the
// other is no active member by now, or the one who offers no administrator.
func (q *Queries) OfferRole(ctx context.Context, o RoleOffer) error {
	if _, err := q.HoldAdministrator(ctx, o.AccountID, o.FromID, o.CreatedAt); err != nil {
		return err
	}
	_, err := one(ctx, q, scanOne[string], `INSERT INTO role_offers (`+roleOfferColumns+`)
		SELECT account_id, CAST($2 AS TEXT), id, CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS BIGINT) FROM users
		WHERE id = $3 AND account_id = $1 AND role = 'member' AND state = 'active'
		ON CONFLICT (account_id) DO UPDATE SET from_id = excluded.from_id, to_id = excluded.to_id, keeps = excluded.keeps,
			created_at = excluded.created_at, expires_at = excluded.expires_at
		RETURNING account_id`, o.AccountID, o.FromID, o.ToID, o.Keeps, o.CreatedAt, o.ExpiresAt)
	return err
}

// WithdrawOffer ends the organisation's offer; ErrNotFound when there is none.
func (q *Queries) WithdrawOffer(ctx context.Context, accountID string) (RoleOffer, error) {
	return one(ctx, q, scanRoleOffer, `DELETE FROM role_offers WHERE account_id = $1 RETURNING `+roleOfferColumns, accountID)
}

// dropOffers ends the offers to and from somebody.
func (q *Queries) dropOffers(ctx context.Context, userID string) error {
	return q.exec(ctx, `DELETE FROM role_offers WHERE from_id = $1 OR to_id = $1`, userID)
}

// AcceptOffer gives the role to whom it was offered, and takes it from the one
// who offered it as he said; it returns the offer. ErrNotFound when the offer was
// withdrawn, has expired or is another's, or either is not what he was;
// ErrTooManyAdministrators when there are most by now. The rights of one who
// stays are the caller's to store.
func (q *Queries) AcceptOffer(ctx context.Context, accountID, userID string, most int, now Time) (RoleOffer, error) {
	if err := q.HoldAccount(ctx, accountID, now); err != nil {
		return RoleOffer{}, err
	}
	o, err := one(ctx, q, scanRoleOffer, `DELETE FROM role_offers WHERE account_id = $1 AND to_id = $2 AND expires_at > $3 RETURNING `+roleOfferColumns,
		accountID, userID, now)
	if err != nil {
		return o, err
	}
	if _, err := q.HoldAdministrator(ctx, accountID, o.FromID, now); err != nil {
		return o, err
	}
	switch o.Keeps {
	case KeepsRole:
		_, err = q.MakeAdministrator(ctx, accountID, userID, most, now)
	default:
		_, _, err = q.HandOver(ctx, accountID, o.FromID, userID, now)
	}
	if err == nil && o.Keeps == KeepsNothing {
		_, err = q.CloseUser(ctx, accountID, o.FromID, "the person has left", now)
	}
	return o, err
}

// PurgeRoleOffers deletes up to limit offers that expired before then, and tells
// how many.
func (q *Queries) PurgeRoleOffers(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM role_offers WHERE account_id IN (SELECT account_id FROM role_offers WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
