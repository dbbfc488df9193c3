package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"loge/provider/account"
	"loge/provider/mail"
	"loge/provider/password"
	"loge/storage"
)

// parcel is a mail ready to leave, and what must be stored before it does.
type parcel struct {
	mail          *mail.Mail
	secret        string // as it stands in the mail; empty: none
	provisionalID string
	store         func(ctx context.Context, q *storage.Queries) error // nil: nothing; ErrNotFound: nobody waits for it
}

// redact takes the secret out of what a relay answered: some quote the mail.
func (p parcel) redact(s string) string {
	if p.secret == "" {
		return s
	}
	return strings.NewReplacer(p.secret, "[redacted]", strings.ReplaceAll(p.secret, "-", ""), "[redacted]").Replace(s)
}

// obsolete says why a message is not worth sending any more.
type obsolete string

func (o obsolete) Error() string { return string(o) }

// refusedError says that a mail cannot be written from what is stored. Somebody
// may correct that, so the message is tried again.
type refusedError struct{ error }

// produce writes the mail from what the database says today, and makes its
// secret. Nothing is stored yet.
func (d *Delivery) produce(ctx context.Context, m storage.Message) (parcel, error) {
	a, err := d.DB.Account(ctx, m.AccountID)
	if err != nil {
		return parcel{}, fmt.Errorf("load account: %w", err)
	}
	u, err := d.DB.User(ctx, m.UserID)
	if err != nil {
		return parcel{}, fmt.Errorf("load user: %w", err)
	}
	// An organisation's first credentials go to the organisation itself.
	out := mail.Message{ID: m.ID, Kind: m.Kind, To: cmp.Or(u.Email, a.CredentialsEmail()), ToName: u.Name(), Department: a.Department,
		Data: mail.Data{Number: a.Number}}
	if m.Kind == storage.MessageProvisional || m.Kind == storage.MessagePasswordReset {
		if err := d.settled(ctx, u); err != nil {
			return parcel{}, err
		}
	}
	switch m.Kind {
	case storage.MessageIdentifier:
		out.Data.Identifier = account.FormatIdentifier(u.Identifier)
		return d.compose(parcel{}, out)
	case storage.MessageProvisional:
		return d.provisional(ctx, m, u, out)
	case storage.MessagePasswordReset:
		return d.reset(ctx, m, u, out)
	case storage.MessageIdentifierFound:
		out.Data.Identifier, out.Data.Date = account.FormatIdentifier(u.Identifier), m.CreatedAt.Time()
		return d.compose(parcel{}, out)
	case storage.MessageEmailChanging:
		return d.emailChanged(ctx, m, out)
	case storage.MessageEmailCode:
		return d.code(ctx, m, u, storage.OwnAddress, out)
	case storage.MessageContactCode:
		out.Kind = mail.KindEmailCode
		return d.code(ctx, m, u, storage.OrganisationAddress, out)
	case storage.MessagePasswordChanged:
		out.To, out.Data.Date = u.Email, m.CreatedAt.Time()
		if m.Data["others"] == "kept" {
			out.Kind = mail.KindPasswordChangedHere
		}
		return d.compose(parcel{}, out)
	case storage.MessageAdministratorAppointed:
		out.To, out.ToName = a.ContactEmail, ""
		out.Data = mail.Data{Company: a.CompanyName, Person: u.Name(), Date: m.CreatedAt.Time()}
		return d.compose(parcel{}, out)
	case storage.MessageRoleGiven, storage.MessageRoleTaken:
		out.To, out.Data.Company, out.Data.Date = u.Email, a.CompanyName, m.CreatedAt.Time()
		return d.compose(parcel{}, out)
	}
	if m.Data["actor"] != "" {
		return d.byAdministrator(ctx, m, a, u, out)
	}
	return d.notice(m, u, out)
}

func (d *Delivery) compose(p parcel, out mail.Message) (parcel, error) {
	if out.To == "" {
		return p, obsolete("no e-mail address is known")
	}
	var err error
	if p.mail, err = d.Composer.Compose(out); err != nil {
		return p, refusedError{errors.New(p.redact(err.Error()))}
	}
	return p, nil
}

// provisional makes a provisional password for the mail that brings it.
func (d *Delivery) provisional(ctx context.Context, m storage.Message, u storage.User, out mail.Message) (parcel, error) {
	if newer, err := d.newer(ctx, m, storage.MessageSent, storage.MessagePrinted); err != nil {
		return parcel{}, err
	} else if newer {
		return parcel{}, obsolete("a newer password has left")
	}
	if used, err := d.usedSince(ctx, m); err != nil {
		return parcel{}, err
	} else if used {
		return parcel{}, obsolete("the password of an earlier attempt has arrived and was used")
	}
	_, key, err := account.EmailKey(out.To)
	if out.To != "" && err != nil {
		return parcel{}, refusedError{fmt.Errorf("recipient: %w", err)}
	}
	plain, now := password.New(), d.Now()
	until := end(now, d.Security.ProvisionalByEmail)
	row := storage.Provisional{ID: storage.NewID(), UserID: u.ID, Hash: password.Hash(d.provisionalKey, u.ID, plain), Channel: storage.ByEmail,
		EmailKey: key, CreatedAt: storage.At(now), ExpiresAt: storage.At(until)}
	// Each attempt has a Message-ID of its own: were a second mail taken for a
	// copy of the first, the person would be left with the older password.
	out.ID = row.ID
	out.Data.Password, out.Data.Date = password.Format(plain), lastDay(until)
	return d.compose(parcel{secret: out.Data.Password, provisionalID: row.ID,
		store: func(ctx context.Context, q *storage.Queries) error { return q.CreateProvisional(ctx, row) }}, out)
}

// usedSince tells whether a provisional password that was made for the message
// before has been used.
func (d *Delivery) usedSince(ctx context.Context, m storage.Message) (bool, error) {
	earlier, err := d.DB.ProvisionalsOf(ctx, m.UserID)
	if err != nil {
		return false, fmt.Errorf("load provisional passwords: %w", err)
	}
	return slices.ContainsFunc(earlier, func(p storage.Provisional) bool {
		return !p.UsedAt.IsZero() && p.CreatedAt >= m.CreatedAt && p.ID > m.ID // ids rise: two within one second
	}), nil
}

// code makes an e-mail code for the address that waits for one.
func (d *Delivery) code(ctx context.Context, m storage.Message, u storage.User, purpose string, out mail.Message) (parcel, error) {
	if now := d.Now(); !m.CreatedAt.IsZero() && now.After(m.CreatedAt.Time().Add(codeLife)) {
		return parcel{}, obsolete("nobody waits for a code of " + now.Sub(m.CreatedAt.Time()).Truncate(time.Minute).String() + " ago")
	}
	change, err := d.DB.EmailChangeOf(ctx, u.ID, purpose)
	if errors.Is(err, storage.ErrNotFound) {
		return parcel{}, obsolete("no address waits for a code")
	}
	if err != nil {
		return parcel{}, fmt.Errorf("load address: %w", err)
	}
	// Only the newest code works: it must not be followed by an older message.
	if newer, err := d.newer(ctx, m, storage.MessageQueued, storage.MessageSent); err != nil {
		return parcel{}, err
	} else if newer {
		return parcel{}, obsolete("a newer code is on its way")
	}
	plain, now := password.NewCode(), d.Now()
	out.ID, out.To = "", change.Email
	out.Data = mail.Data{Code: plain, Validity: d.Security.EmailCode}
	store := func(ctx context.Context, q *storage.Queries) error {
		hash := password.HashCode(d.codeKey, u.ID, change.EmailKey, plain)
		stored, err := q.SetEmailCode(ctx, u.ID, purpose, hash, storage.At(now.Add(d.Security.EmailCode)), storage.At(now))
		if err == nil && stored.EmailKey != change.EmailKey {
			return fmt.Errorf("address has changed: %w", storage.ErrNotFound)
		}
		return err
	}
	return d.compose(parcel{secret: plain, store: store}, out)
}

// newer tells whether a message of the same kind, written to the same person
// after m, is in one of the states.
func (d *Delivery) newer(ctx context.Context, m storage.Message, states ...string) (bool, error) {
	others, err := d.DB.MessagesOf(ctx, m.UserID, 20)
	if err != nil {
		return false, fmt.Errorf("load messages: %w", err)
	}
	return slices.ContainsFunc(others, func(other storage.Message) bool {
		return other.Kind == m.Kind && other.ID > m.ID && slices.Contains(states, other.State)
	}), nil
}
