package delivery

import (
	"context"
	"encoding/base64"
	"fmt"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/mail"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/storage"
)

// ResetPath is where the link of « Mot de passe oublié » leads; the link adds
// the parameter lien.
const ResetPath = "/mot-de-passe-oublie/choisir"

// reset makes what « Mot de passe oublié » sends: a provisional password or a
// link, valid for exactly as long as the mail says. The former password stays
// valid until it is used.
func (d *Delivery) reset(ctx context.Context, m storage.Message, u storage.User, out mail.Message) (parcel, error) {
	now := d.Now()
	if now.After(m.CreatedAt.Time().Add(d.Security.ResetValidity)) {
		return parcel{}, obsolete("it was asked for too long ago")
	}
	if newer, err := d.newer(ctx, m, storage.MessageQueued, storage.MessageSent); err != nil {
		return parcel{}, err
	} else if newer {
		return parcel{}, obsolete("it was asked for again since")
	}
	if used, err := d.usedSince(ctx, m); err != nil {
		return parcel{}, err
	} else if used {
		return parcel{}, obsolete("the password of an earlier attempt has arrived and was used")
	}
	row := storage.Provisional{ID: storage.NewID(), UserID: u.ID, Channel: storage.ByEmail, CreatedAt: storage.At(now),
		ExpiresAt: storage.At(now.Add(d.Security.ResetValidity))}
	out.ID, out.To, out.ToName = row.ID, u.Email, "" // the greeting names nobody: a stranger may have asked
	out.Data.Date, out.Data.Validity = m.CreatedAt.Time(), d.Security.ResetValidity
	var err error
	if out.To != "" {
		if _, row.EmailKey, err = account.EmailKey(out.To); err != nil {
			return parcel{}, refusedError{fmt.Errorf("recipient: %w", err)}
		}
	}
	p := parcel{provisionalID: row.ID}
	if d.Security.Reset == config.ResetLink {
		p.secret = base64.RawURLEncoding.EncodeToString(secret.Random(32))
		row.Hash = password.HashLink(d.provisionalKey, u.ID, p.secret)
		out.Kind, out.Data.Link = mail.KindPasswordLink, d.Composer.Issuer+ResetPath+"?lien="+row.ID+"."+p.secret
	} else {
		plain := password.New()
		p.secret = password.Format(plain)
		row.Hash = password.Hash(d.provisionalKey, u.ID, plain)
		out.Kind, out.Data.Password = mail.KindPasswordReset, p.secret
	}
	p.store = func(ctx context.Context, q *storage.Queries) error { return q.CreateProvisional(ctx, row) }
	return d.compose(p, out)
}
