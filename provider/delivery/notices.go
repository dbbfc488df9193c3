package delivery

import (
	"fmt"
	"strconv"
	"time"

	"loge/provider/account"
	"loge/provider/factor"
	"loge/provider/mail"
	"loge/storage"
)

// notice writes the mails that tell a person about his access. They go to the
// person's own address; reminders go where the codes went.
func (d *Delivery) notice(m storage.Message, u storage.User, out mail.Message) (parcel, error) {
	out.Data.Date = m.CreatedAt.Time()
	switch m.Kind {
	case storage.MessageAccessSuspended, storage.MessageAccessReopened, storage.MessageAccessClosed, storage.MessageTooManyAttempts,
		storage.MessageEmailChangedHere, storage.MessageClosingAsked, storage.MessageClosingWithdrawn:
		out.To = u.Email
	case storage.MessageClosingRefused:
		out.To, out.Data.Reason = u.Email, m.Data["reason"]
	case storage.MessageEmailRestored:
		out.To, out.ToName = u.Email, "" // who took the address may have written another name
	case storage.MessageResetWait:
		until, err := strconv.ParseInt(m.Data["until"], 10, 64)
		if err != nil {
			return parcel{}, fmt.Errorf("message %s: until: %w", m.ID, err)
		}
		out.To, out.ToName, out.Data.Date = u.Email, "", storage.Time(until).Time()
	case storage.MessageNewDevice:
		out.To, out.Data.Device = u.Email, m.Data["device"]
	case storage.MessageFactorAttempts:
		out.To = u.Email
	case storage.MessageFactorAdded, storage.MessageFactorRemoved:
		out.To, out.Kind = u.Email, factorKind(m)
	case storage.MessageRecoveryCodeUsed:
		out.To, out.Data.Count = u.Email, m.Data["left"]
	case storage.MessageReminder:
		if u.State != storage.StateIssued {
			return parcel{}, obsolete("access is " + u.State + " by now")
		}
		out.Data.Identifier, out.Data.Date, out.Data.Count = account.FormatIdentifier(u.Identifier), u.CreatedAt.Time(), m.Data["n"]
	case storage.MessageDormancyWarning:
		since, until, err := idle(m)
		if err != nil {
			return parcel{}, err
		}
		if u.State != storage.StateActive || u.LastSignInAt.Time().After(since) {
			return parcel{}, obsolete("the person has signed in since, or may not any more")
		}
		out.To, out.Data.Date, out.Data.Count = u.Email, until, months(since, m.CreatedAt.Time())
	default:
		return parcel{}, obsolete("no mail of kind " + m.Kind)
	}
	return d.compose(parcel{}, out)
}

// factorKind is the mail that says which factor was added, or how one was removed.
func factorKind(m storage.Message) string {
	switch {
	case m.Data["kind"] == "codes":
		return mail.KindRecoveryCodesRenewed
	case m.Kind == storage.MessageFactorAdded && m.Data["kind"] == factor.KindTOTP:
		return mail.KindFactorAddedTOTP
	case m.Data["agency"] != "":
		return mail.KindFactorRemovedAgency
	case m.Data["last"] != "":
		return mail.KindFactorRemovedLast
	}
	return m.Kind
}

// idle reads since when nobody signed in and until when somebody has to.
func idle(m storage.Message) (since, until time.Time, err error) {
	from, err := strconv.ParseInt(m.Data["since"], 10, 64)
	if err != nil {
		return since, until, fmt.Errorf("warning %s: since: %w", m.ID, err)
	}
	to, err := strconv.ParseInt(m.Data["until"], 10, 64)
	if err != nil {
		return since, until, fmt.Errorf("warning %s: until: %w", m.ID, err)
	}
	return storage.Time(from).Time(), storage.Time(to).Time(), nil
}

// months counts the whole months between two moments.
func months(from, to time.Time) string {
	n := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	if to.Day() < from.Day() {
		n--
	}
	return strconv.Itoa(max(n, 0))
}
