package delivery

import (
	"context"
	"fmt"

	"loge/provider/account"
	"loge/provider/mail"
	"loge/storage"
)

// byAdministrator writes the mails that tell a person what an administrator of
// his organisation did. They go to the person's own address, except for the
// notice to an address that the organisation gave up.
func (d *Delivery) byAdministrator(ctx context.Context, m storage.Message, a storage.Account, u storage.User, out mail.Message) (parcel, error) {
	actor, err := d.DB.User(ctx, m.Data["actor"])
	if err != nil {
		return parcel{}, fmt.Errorf("load who did it: %w", err)
	}
	out.To = u.Email
	out.Data = mail.Data{Number: a.Number, Company: a.CompanyName, Person: actor.Name(), Date: m.CreatedAt.Time(), Rights: m.Data["rights"]}
	switch {
	case m.Kind == storage.MessageContactChanged:
		out.Data.Address = m.Data["address"]
		if former := m.Data["former"]; former != "" {
			out.To, out.ToName = former, ""
		}
	case m.Kind == storage.MessageInvitation:
		if u.State != storage.StateIssued {
			return parcel{}, obsolete("access is " + u.State + " by now")
		}
		out.Data.Identifier = account.FormatIdentifier(u.Identifier)
		if out.Data.Rights == "" {
			out.Kind = mail.KindInvitationOpen
		}
	case m.Kind == storage.MessageRightsChangedBy && out.Data.Rights == "":
		out.Kind = mail.KindRightsChangedByNone
	}
	return d.compose(parcel{}, out)
}
