package storage

import "context"

// Roles and states of a user, as stored.
const (
	RoleHolder        = "holder" // the only user of an individual's account
	RoleAdministrator = "administrator"
	RoleMember        = "member" // collaborateur

	StateIssued    = "issued" // credentials sent, nobody has signed in
	StateActive    = "active"
	StateSuspended = "suspended"
	StateDormant   = "dormant"
	StateClosed    = "closed"
)

// User is one person who signs in.
type User struct {
	ID                 string
	AccountID          string
	Identifier         string // LOG and 8 characters, upper case, no space
	Title              string // civilité
	GivenName          string
	FamilyName         string
	Email              string // as typed; empty when none is known
	EmailKey           string // case-folded, unique over all users
	EmailVerifiedAt    Time
	Phone              string
	JobTitle           string // fonction
	Role               string
	State              string
	PasswordHash       string // Argon2id PHC string; empty until the person chose one
	PasswordSetAt      Time
	PasswordMustChange bool
	PasswordLong       bool // was long enough for an administrator when it was chosen
	DetailsAt          Time // renseignements confirmed
	ActivatedAt        Time // first sign-in finished: own password chosen
	LastSignInAt       Time
	CreatedAt          Time
	FactorSince        Time   // the user has factors; 0: none
	InvitedBy          string // administrator; empty when the agency opened the access
}

// Name returns given and family name as one writes them.
func (u User) Name() string {
	if u.GivenName == "" || u.FamilyName == "" {
		return u.GivenName + u.FamilyName
	}
	return u.GivenName + " " + u.FamilyName
}

const userColumns = `id, account_id, identifier, title, given_name, family_name, email, email_key, email_verified_at,
	phone, job_title, role, state, password_hash, password_set_at, password_must_change, password_long, details_at, activated_at,
	last_sign_in_at, created_at, factor_since, invited_by`

// fields are where the columns of a row go, in their order.
func (u *User) fields() []any {
	return []any{&u.ID, &u.AccountID, &u.Identifier, &u.Title, &u.GivenName, &u.FamilyName, &u.Email, &u.EmailKey, &u.EmailVerifiedAt,
		&u.Phone, &u.JobTitle, &u.Role, &u.State, &u.PasswordHash, &u.PasswordSetAt, &u.PasswordMustChange, &u.PasswordLong, &u.DetailsAt, &u.ActivatedAt,
		&u.LastSignInAt, &u.CreatedAt, &u.FactorSince, &u.InvitedBy}
}

func scanUser(s scanner) (u User, err error) {
	err = s.Scan(u.fields()...)
	return u, err
}

// User returns the user with that id.
func (q *Queries) User(ctx context.Context, id string) (User, error) {
	return one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
}

// UserWithAccount returns the user with that id, and the account.
func (q *Queries) UserWithAccount(ctx context.Context, id string) (User, Account, error) {
	h, err := one(ctx, q, scanPerson, userWithAccount, id)
	return h.User, h.Account, err
}

var userWithAccount = `SELECT ` + qualified("u", userColumns) + `, ` + qualified("a", accountColumns) + `
	FROM users AS u JOIN accounts AS a ON a.id = u.account_id WHERE u.id = $1`

func scanPerson(s scanner) (h Holder, err error) {
	err = s.Scan(append(h.User.fields(), h.Account.fields()...)...)
	return h, err
}

// UserByIdentifier returns the user with that normalised identifier.
func (q *Queries) UserByIdentifier(ctx context.Context, identifier string) (User, error) {
	return one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE identifier = $1`, identifier)
}

// UserByEmail returns the user with that case-folded address.
func (q *Queries) UserByEmail(ctx context.Context, emailKey string) (User, error) {
	return one(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE email_key = $1 AND email_key <> ''`, emailKey)
}

// UsersOfAccount returns the account's users, oldest first.
func (q *Queries) UsersOfAccount(ctx context.Context, accountID string) ([]User, error) {
	return all(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE account_id = $1 ORDER BY id`, accountID)
}

// CreateUser stores a new user; ErrConflict when identifier or e-mail is taken.
// On PostgreSQL a conflict ends the transaction.
func (q *Queries) CreateUser(ctx context.Context, u User) error {
	return q.exec(ctx, `INSERT INTO users (`+userColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		u.ID, u.AccountID, u.Identifier, u.Title, u.GivenName, u.FamilyName, u.Email, u.EmailKey, u.EmailVerifiedAt,
		u.Phone, u.JobTitle, u.Role, u.State, u.PasswordHash, u.PasswordSetAt, u.PasswordMustChange, u.PasswordLong, u.DetailsAt, u.ActivatedAt,
		u.LastSignInAt, u.CreatedAt, u.FactorSince, u.InvitedBy)
}
