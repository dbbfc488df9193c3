package delivery

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"loge/provider/account"
	"loge/provider/mail"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/storage"
)

// UndoPath is where the link leads that takes a change of the e-mail address
// back; the link adds the parameter lien.
const UndoPath = "/adresse-e-mail/annuler"

// emailChanged makes the mail to the address that was given up, with the link
// that takes the change back. A later mail's link replaces an earlier one's.
func (d *Delivery) emailChanged(ctx context.Context, m storage.Message, out mail.Message) (parcel, error) {
	undo, err := d.DB.EmailUndo(ctx, m.Data["undo"])
	if errors.Is(err, storage.ErrNotFound) {
		return parcel{}, obsolete("the change is long past")
	}
	if err != nil {
		return parcel{}, fmt.Errorf("load change of the address: %w", err)
	}
	now := storage.At(d.Now())
	if !undo.UsedAt.IsZero() || now >= undo.ExpiresAt {
		return parcel{}, obsolete("the change cannot be taken back any more")
	}
	p := parcel{secret: base64.RawURLEncoding.EncodeToString(secret.Random(32))}
	hash := password.HashUndo(d.undoKey, undo.ID, p.secret)
	p.store = func(ctx context.Context, q *storage.Queries) error {
		_, err := q.SetEmailUndoSecret(ctx, undo.ID, hash, now)
		return err
	}
	// It greets nobody by name: whoever changed the address may have changed that.
	out.ID, out.To, out.ToName = storage.NewID(), undo.Email, ""
	out.Data.Address, out.Data.Link = account.MaskEmail(undo.NewEmail), d.Composer.Issuer+UndoPath+"?lien="+undo.ID+"."+p.secret
	out.Data.Date, out.Data.Validity = undo.CreatedAt.Time(), undo.ExpiresAt.Time().Sub(undo.CreatedAt.Time())
	return d.compose(p, out)
}

// settled says that the user's address may be sent what opens the access: it was
// not changed so lately that the former one may still take that back. Whoever
// stole a session or a password gets nothing more by a change of the address.
func (d *Delivery) settled(ctx context.Context, u storage.User) error {
	_, err := d.DB.OpenEmailUndo(ctx, u.ID, storage.At(d.Now()))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look for a change of the address: %w", err)
	}
	return obsolete("the e-mail address was changed less than a day ago")
}
