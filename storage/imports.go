package storage

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Landlord is an account together with the user the agency speaks of: the only
// one of an individual, the first one of an organisation.
type Landlord struct {
	Account Account
	User    User
}

// SignedIn tells whether the person has used the credentials: from then on
// names and e-mail are hers, no longer the agency's.
func (l Landlord) SignedIn() bool {
	return l.User.State != StateIssued || !l.User.DetailsAt.IsZero() || !l.User.ActivatedAt.IsZero() || !l.User.LastSignInAt.IsZero()
}

// importRows is how many rows one statement of an import reads or writes. With
// fewer, round trips to PostgreSQL dominate; more gain nothing.
const importRows = 64

// The statements below are made from constants: their text never depends on what
// is imported. The long ones are made when they are first used.
var (
	landlords = `SELECT ` + qualified("a", accountColumns) + `, ` + qualified("u", userColumns) + `
		FROM accounts AS a JOIN users AS u ON u.account_id = a.id
		WHERE u.id = (SELECT MIN(elder.id) FROM users AS elder WHERE elder.account_id = a.id) AND `
	landlordsInOrder  = landlords + `a.number > $1 ORDER BY a.number LIMIT $2`
	landlordsByNumber = each(landlords + `a.number = $1`)
	takenEmails       = each(`SELECT email_key, id FROM users WHERE email_key <> '' AND email_key = $1`)
	takenIdentifiers  = each(`SELECT identifier, id FROM users WHERE identifier = $1`)

	importAccounts = newInsert(`INSERT INTO accounts (`+accountColumns+`) VALUES `,
		`($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $10, 0, 0)`, 10)
	importUsers = newInsert(`INSERT INTO users (`+userColumns+`) VALUES `,
		`($1, $2, $3, $4, $5, $6, $7, $8, 0, '', '', $9, 'issued', '', 0, FALSE, FALSE, 0, 0, 0, $10, 0, '')`, 10)
	importCredentials = newInsert(credentialsHead, credentialsRow, 6)
)

// Landlords returns those of the numéros utilisateur that exist, by number.
func (q *Queries) Landlords(ctx context.Context, numbers []string) (map[string]Landlord, error) {
	found := make(map[string]Landlord, len(numbers))
	err := listed(ctx, q, landlordsByNumber, numbers, func(s scanner) error {
		l, err := scanLandlord(s)
		found[l.Account.Number] = l
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts by number: %w", err)
	}
	return found, nil
}

// TakenEmails returns who has those of the case-folded addresses that are
// taken: address → user id.
func (q *Queries) TakenEmails(ctx context.Context, keys []string) (map[string]string, error) {
	return q.taken(ctx, takenEmails, keys)
}

// TakenIdentifiers returns who has those of the identifiers that are taken:
// identifier → user id.
func (q *Queries) TakenIdentifiers(ctx context.Context, identifiers []string) (map[string]string, error) {
	return q.taken(ctx, takenIdentifiers, identifiers)
}

func (q *Queries) taken(ctx context.Context, query func() string, keys []string) (map[string]string, error) {
	owners := make(map[string]string)
	err := listed(ctx, q, query, keys, func(s scanner) error {
		var key, owner string
		if err := s.Scan(&key, &owner); err != nil {
			return err
		}
		owners[key] = owner
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is taken: %w", err)
	}
	return owners, nil
}

// CreateLandlords stores new accounts with their users, and enqueues the two
// messages that open each. ErrConflict when a number, identifier or e-mail is
// taken: the whole transaction is lost then, and the caller looks again at what
// is there.
func (q *Queries) CreateLandlords(ctx context.Context, landlords []Landlord) error {
	err := importAccounts.run(ctx, q, len(landlords), func(i int, args []any) []any {
		a := &landlords[i].Account
		return append(args, a.ID, a.Number, a.Kind, a.Department, a.CompanyName, a.SIRET, a.Channel, a.ContactEmail, a.Address, a.CreatedAt)
	})
	if err != nil {
		return fmt.Errorf("store accounts: %w", err)
	}
	err = importUsers.run(ctx, q, len(landlords), func(i int, args []any) []any {
		u := &landlords[i].User
		return append(args, u.ID, u.AccountID, u.Identifier, u.Title, u.GivenName, u.FamilyName, u.Email, u.EmailKey, u.Role, u.CreatedAt)
	})
	if err != nil {
		return fmt.Errorf("store users: %w", err)
	}
	err = importCredentials.run(ctx, q, len(landlords), func(i int, args []any) []any {
		a, u := &landlords[i].Account, &landlords[i].User
		return append(args, NewID(), NewID(), a.Channel, a.ID, u.ID, u.CreatedAt)
	})
	if err != nil {
		return fmt.Errorf("enqueue credentials: %w", err)
	}
	return nil
}

// UpdateAgencyData stores what stays the agency's for ever: département,
// raison sociale, SIRET, postal address.
// Another postal address is taken for a good one.
func (q *Queries) UpdateAgencyData(ctx context.Context, a Account, now Time) error {
	if err := q.exec(ctx, `DELETE FROM undeliverable WHERE account_id = $1 AND channel = 'letter'
		AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = $1 AND address = $2)`, a.ID, a.Address); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE accounts SET department = $2, company_name = $3, siret = $4, address = $5, updated_at = $6 WHERE id = $1`,
		a.ID, a.Department, a.CompanyName, a.SIRET, a.Address, now)
}

// UpdateBeforeSignIn stores civilité, names, e-mail and channel as long as
// nobody has signed in; later it is ErrNotFound. Messages that have not left
// yet follow the channel. ErrConflict when another user has the e-mail.
func (q *Queries) UpdateBeforeSignIn(ctx context.Context, l Landlord, now Time) error {
	u := l.User
	err := q.exec(ctx, `DELETE FROM undeliverable WHERE account_id = $1 AND channel = 'email'
		AND NOT EXISTS (SELECT 1 FROM users WHERE id = $2 AND email = $3)`, l.Account.ID, u.ID, u.Email)
	if err != nil {
		return err
	}
	_, err = one(ctx, q, scanOne[string], `UPDATE users SET title = $2, given_name = $3, family_name = $4, email = $5, email_key = $6
		WHERE id = $1 AND state = 'issued' AND details_at = 0 AND activated_at = 0 AND last_sign_in_at = 0 RETURNING id`,
		u.ID, u.Title, u.GivenName, u.FamilyName, u.Email, u.EmailKey)
	if err != nil {
		return err
	}
	if err := q.exec(ctx, `UPDATE accounts SET channel = $2, contact_email = $3, contact_changed_at = 0, updated_at = $4 WHERE id = $1`,
		l.Account.ID, l.Account.Channel, l.Account.ContactEmail, now); err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE messages SET channel = $2
		WHERE user_id = $1 AND state IN ('held', 'queued') AND leased_until <= $3`, u.ID, l.Account.Channel, now)
}

func scanLandlord(s scanner) (l Landlord, err error) {
	err = s.Scan(append(l.Account.fields(), l.User.fields()...)...)
	return l, err
}

// Accounts returns up to limit landlords whose number comes after the given
// one, in the order of their numbers; "" starts at the first.
func (q *Queries) Accounts(ctx context.Context, after string, limit int) ([]Landlord, error) {
	return all(ctx, q, scanLandlord, landlordsInOrder, after, limit)
}

// each asks for importRows keys at once: one look-up after the other rather
// than an IN list, for which PostgreSQL keeps scanning the whole table when the
// statement was first planned while the table was empty, as at a first import.
func each(lookUp string) func() string {
	return sync.OnceValue(func() string { return rows(lookUp, " UNION ALL ", 1) })
}

// rows repeats a piece of SQL with parameters importRows times; the numbers of
// the parameters go on counting.
func rows(piece, between string, parameters int) string {
	pieces := make([]string, importRows)
	for i := range pieces {
		pieces[i] = numbered.ReplaceAllStringFunc(piece, func(name string) string {
			n, _ := strconv.Atoi(name[1:]) // numbered matches digits only
			return "$" + strconv.Itoa(n+i*parameters)
		})
	}
	return strings.Join(pieces, between)
}

// listed runs a query made by each as often as needed. The last time it is
// filled up with "", which no key is.
func listed(ctx context.Context, q *Queries, query func() string, keys []string, scan func(scanner) error) error {
	args := make([]any, importRows)
	for len(keys) > 0 {
		n := min(len(keys), importRows)
		for i := range args {
			if args[i] = ""; i < n {
				args[i] = keys[i]
			}
		}
		keys = keys[n:]
		if _, err := all(ctx, q, func(s scanner) (struct{}, error) { return struct{}{}, scan(s) }, query(), args...); err != nil {
			return err
		}
	}
	return nil
}

// insert stores many rows of one table: importRows with each statement, and
// what is left one by one, so that there are two texts and no more.
type insert struct {
	single  string
	batch   func() string
	columns int
}

func newInsert(head, row string, columns int) insert {
	return insert{single: head + row, batch: sync.OnceValue(func() string { return head + rows(row, ", ", columns) }), columns: columns}
}

// run stores n rows; row appends the values of row i.
func (s insert) run(ctx context.Context, q *Queries, n int, row func(i int, args []any) []any) error {
	args := make([]any, 0, importRows*s.columns)
	for i := 0; i < n; {
		query, rows := s.single, 1
		if n-i >= importRows {
			query, rows = s.batch(), importRows
		}
		args = args[:0]
		for range rows {
			args = row(i, args)
			i++
		}
		if err := q.exec(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
