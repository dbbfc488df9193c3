package storage

import (
	"context"
	"strings"
)

// Kinds of account and channels of delivery, as stored.
const (
	Individual   = "individual"   // bailleur physique
	Organisation = "organisation" // bailleur moral

	ByEmail  = "email"
	ByLetter = "letter"
)

// Account is what the agency opened for a landlord: one for each département.
type Account struct {
	ID               string
	Number           string // numéro utilisateur, 14 characters, opaque
	Kind             string // Individual or Organisation
	Department       string // 01 … 95, 2A, 2B, 971 …
	CompanyName      string // raison sociale, organisations only
	SIRET            string // 14 digits or empty
	Channel          string // ByEmail or ByLetter: how credentials first go out
	ContactEmail     string // the organisation's own address, for notices
	ContactChangedAt Time   // when an administrator gave that address; 0: it is the one that the agency knows
	Address          string // postal address, one line each, without the name
	ClaimedAt        Time   // an organisation's: since when it has an administrator; 0: the next first sign-in makes one
	SuspendedAt      Time
	ReviewedAt       Time // when an administrator last said that the list of people is right
	CreatedAt        Time
	UpdatedAt        Time
}

// CredentialsEmail is where the codes of a person go who has no address of his
// own: the organisation's, as the agency knows it. "" when there is none, or
// when an administrator has given another one since: what somebody of the
// organisation typed opens nothing, and the codes go by letter.
func (a Account) CredentialsEmail() string {
	if a.ContactChangedAt != 0 {
		return ""
	}
	return a.ContactEmail
}

// AddressLines returns the lines of the postal address.
func (a Account) AddressLines() []string {
	if a.Address == "" {
		return nil
	}
	return strings.Split(a.Address, "\n")
}

const accountColumns = `id, number, kind, department, company_name, siret, channel, contact_email, address,
	claimed_at, suspended_at, created_at, updated_at, reviewed_at, contact_changed_at`

// fields are where the columns of a row go, in their order.
func (a *Account) fields() []any {
	return []any{&a.ID, &a.Number, &a.Kind, &a.Department, &a.CompanyName, &a.SIRET, &a.Channel, &a.ContactEmail, &a.Address,
		&a.ClaimedAt, &a.SuspendedAt, &a.CreatedAt, &a.UpdatedAt, &a.ReviewedAt, &a.ContactChangedAt}
}

func scanAccount(s scanner) (a Account, err error) {
	err = s.Scan(a.fields()...)
	return a, err
}

// Account returns the account with that id.
func (q *Queries) Account(ctx context.Context, id string) (Account, error) {
	return one(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE id = $1`, id)
}

// AccountByNumber returns the account with that numéro utilisateur.
func (q *Queries) AccountByNumber(ctx context.Context, number string) (Account, error) {
	return one(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE number = $1`, number)
}

// CreateAccount stores a new account; ErrConflict when the number is taken.
// On PostgreSQL a conflict ends the transaction.
func (q *Queries) CreateAccount(ctx context.Context, a Account) error {
	return q.exec(ctx, `INSERT INTO accounts (`+accountColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		a.ID, a.Number, a.Kind, a.Department, a.CompanyName, a.SIRET, a.Channel, a.ContactEmail, a.Address,
		a.ClaimedAt, a.SuspendedAt, a.CreatedAt, a.UpdatedAt, a.ReviewedAt, a.ContactChangedAt)
}
