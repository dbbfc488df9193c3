package operator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"loge/storage"
)

// Chapter is one thing that happened to an access.
type Chapter struct {
	At   storage.Time
	What string
}

// Story is what became of one person's access, for whoever is on the telephone.
type Story struct {
	User     storage.User
	Chapters []Chapter // oldest first
	Access   []string  // applications that may see something, with the scopes
	Refused  string    // why the person cannot sign in now, "" when nothing stops him
	Next     string    // what to do: often a command
}

// storyEvents bounds how much of the journal a story looks at.
const storyEvents = 300

// Story tells what became of a user's access. perDay is the setting of how many
// wrong passwords a day allows.
func (o *Operator) Story(ctx context.Context, a storage.Account, u storage.User, perDay int) (s Story, err error) {
	s.User = u
	messages, err := o.DB.MessagesOf(ctx, u.ID, 50)
	if err != nil {
		return s, fmt.Errorf("load messages: %w", err)
	}
	provisionals, err := o.DB.ProvisionalsOf(ctx, u.ID)
	if err != nil {
		return s, fmt.Errorf("load provisional passwords: %w", err)
	}
	events, err := o.DB.AuditOf(ctx, u.ID, storyEvents)
	if err != nil {
		return s, fmt.Errorf("load journal: %w", err)
	}
	common, err := o.DB.AuditOf(ctx, a.ID, storyEvents)
	if err != nil {
		return s, fmt.Errorf("load journal of the account: %w", err)
	}
	accepted, err := o.DB.Acceptances(ctx, u.ID)
	if err != nil {
		return s, fmt.Errorf("load acceptances: %w", err)
	}
	authorised, err := o.DB.AuthorisedOf(ctx, u.ID)
	if err != nil {
		return s, fmt.Errorf("load applications: %w", err)
	}
	k := known{account: a, user: u, messages: messages, provisionals: provisionals, now: o.now()}
	if k.bad, err = o.DB.UndeliverableOf(ctx, a.ID); err != nil {
		return s, fmt.Errorf("load addresses that do not work: %w", err)
	}
	if k.unposted, err = o.unposted(ctx, messages); err != nil {
		return s, err
	}
	if k.wait, err = o.wait(ctx, u, perDay); err != nil {
		return s, err
	}
	s.add(u.CreatedAt, "account opened")
	// Within a second, what people did comes before what left because of it.
	events = append(events, common...)
	slices.SortFunc(events, func(a, b storage.AuditEvent) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, e := range events {
		if whom := e.Details["user"]; whom != "" && whom != u.ID {
			continue // about somebody else of the organisation
		}
		if what := happened(e); what != "" {
			s.add(e.At, what)
		}
	}
	for _, m := range slices.Backward(messages) { // they come newest first
		s.add(cmp.Or(m.LeftAt, m.CreatedAt), told(m))
	}
	for _, p := range provisionals {
		if p.UsedAt.IsZero() && p.SupersededAt.IsZero() && p.ExpiresAt <= o.now() {
			s.add(p.ExpiresAt, "provisional password expired, it was not used")
		}
	}
	for _, x := range accepted {
		s.add(x.AcceptedAt, "accepted the "+x.Kind+", version "+x.Version)
	}
	slices.SortStableFunc(s.Chapters, func(a, b Chapter) int { return cmp.Compare(a.At, b.At) })
	s.fold()
	for _, x := range authorised {
		s.Access = append(s.Access, x.Client.Name+" ("+x.Scopes+")")
	}
	s.Refused, s.Next = k.judge()
	asked, err := o.asked(ctx, u)
	if asked != "" {
		s.Next = asked
	}
	return s, err
}

func (s *Story) add(at storage.Time, what string) {
	s.Chapters = append(s.Chapters, Chapter{At: at, What: what})
}

// fold makes one chapter of the same thing several times in a row.
func (s *Story) fold() {
	var folded []Chapter
	for i := 0; i < len(s.Chapters); {
		n := i
		for n < len(s.Chapters) && s.Chapters[n].What == s.Chapters[i].What {
			n++
		}
		c := s.Chapters[n-1]
		if n-i > 1 {
			c.What = fmt.Sprintf("%s, %d times since %s", c.What, n-i, moment(s.Chapters[i].At))
		}
		folded = append(folded, c)
		i = n
	}
	s.Chapters = folded
}

// carried names the messages in a story.
var carried = map[string]string{
	storage.MessageIdentifier: "identifier", storage.MessageProvisional: "provisional password", storage.MessageEmailCode: "code for the e-mail address",
	storage.MessagePasswordChanged: "notice of the changed password", storage.MessageAdministratorAppointed: "notice of the new administrator",
	storage.MessagePasswordReset: "what « Mot de passe oublié » sends", storage.MessageIdentifierFound: "identifier, asked for again",
	storage.MessageRoleGiven: "notice of the administrator's role", storage.MessageRoleTaken: "notice that the role is gone",
	storage.MessageAccessSuspended: "notice of the suspension", storage.MessageAccessReopened: "notice of the reopening",
	storage.MessageAccessClosed: "notice of the closing", storage.MessageNewDevice: "notice of a sign-in with a new device",
	storage.MessageFactorAdded: "notice of a factor added", storage.MessageFactorRemoved: "notice of a factor removed",
	storage.MessageRecoveryCodeUsed: "notice of a recovery code used", storage.MessageFactorAttempts: "notice of wrong codes after the right password",
	storage.MessageTooManyAttempts: "notice of wrong passwords", storage.MessageReminder: "reminder", storage.MessageDormancyWarning: "warning that the access will end",
	storage.MessageClosingAsked: "notice of the request to close", storage.MessageClosingWithdrawn: "notice that the request to close was withdrawn",
	storage.MessageClosingRefused: "answer to the request to close",
	storage.MessageEmailChanging:  "notice of the changed e-mail address, to the former one", storage.MessageEmailChangedHere: "notice of the changed e-mail address, to the new one",
	storage.MessageContactCode: "code for the organisation's e-mail address", storage.MessageContactChanged: "notice of the organisation's changed e-mail address",
	storage.MessageEmailRestored: "notice that the change of the e-mail address was taken back", storage.MessageResetWait: "notice that « Mot de passe oublié » has to wait",
}

// told says what became of a message.
func told(m storage.Message) string {
	name, reason := cmp.Or(carried[m.Kind], m.Kind), ""
	if m.LastError != "" {
		reason = ": " + m.LastError
	}
	switch m.State {
	case storage.MessageHeld:
		return name + " waits until the identifier has left"
	case storage.MessageQueued:
		if m.Channel == storage.ByLetter {
			return name + " waits to be printed" + reason
		}
		return name + " waits to be sent" + reason
	case storage.MessageSent:
		return name + " sent by e-mail" + reason // which tells of a delay
	case storage.MessagePrinted:
		return fmt.Sprintf("%s printed in run %d", name, m.Run)
	case storage.MessageFailed:
		return name + " not sent" + reason
	case storage.MessageBounced:
		return name + " sent by e-mail, came back" + reason
	case storage.MessageReturned:
		return fmt.Sprintf("%s printed in run %d, came back%s", name, m.Run, reason)
	case storage.MessageReplaced:
		return name + " printed, then replaced by a new letter"
	}
	return name + " " + m.State + reason
}

// asked names what people ask for when they cannot sign in.
var asked = map[string]string{
	"reset": "asked for another password", "identifier": "asked for the identifier", "codes": "asked for both codes by e-mail",
	"letters": "asked for new letters", "letters_no_mail": "asked for new letters, without access to the e-mail address",
}

// happened says what an event of the journal means, "" for those that are told
// otherwise or help nobody.
func happened(e storage.AuditEvent) string {
	by, why := e.Actor, ""
	if e.Details["reason"] != "" {
		why = ": " + e.Details["reason"]
	}
	switch e.Action {
	case "signin.succeeded":
		return "signed in with the " + cmp.Or(e.Details["with"], "password")
	case "signin.failed":
		return "wrong password typed"
	case "signin.refused":
		return "typed the right " + e.Details["with"] + ", but " + e.Details["reason"]
	case "help.reset", "help.identifier", "help.codes", "help.letters", "help.letters_no_mail":
		return asked[strings.TrimPrefix(e.Action, "help.")] + ": " + e.Details["outcome"]
	case "letter.returned":
		return "the post brought a letter back" + why
	case "message.bounced":
		return "an e-mail came back" + why
	case "password.changed":
		return "chose a password"
	case "factor.added":
		return "added a factor for the double vérification (" + e.Details["kind"] + ")"
	case "factor.removed":
		if by == e.Subject {
			return "removed a factor of the double vérification (" + e.Details["kind"] + ")"
		}
		return "factors of the double vérification removed by " + by + why
	case "factor.shown":
		return "showed a factor (" + e.Details["with"] + ")"
	case "factor.refused":
		return "wrong code typed after the right password"
	case "factor.codes_renewed":
		return "got other recovery codes"
	case "email.confirmed":
		return "confirmed the e-mail address"
	case "closing.asked":
		return "asked for the access to be closed" + why
	case "closing.withdrawn":
		return "withdrew the request to close"
	case "closing.refused":
		return "request to close refused by " + by + why
	case "email.changed":
		return "changed the e-mail address"
	case "email.restored":
		return "the change of the e-mail address was taken back from the former one; a new password is needed"
	case "details.changed":
		return "changed the " + e.Details["fields"]
	case "sessions.ended":
		return "signed out all other browsers"
	case "consent.granted":
		return "let an application see something"
	case "consent.withdrawn":
		return "took an application's access back"
	case "administrator.appointed":
		return "became administrator"
	case "administrator.replaced":
		return "made administrator by " + by + why
	case "administrator.demoted":
		return "is no longer administrator, by " + by + why
	case "administrator.declined":
		return "did not want to become administrator"
	case "administrator.undone":
		return "nobody was administrator any more; codes for the next one ordered by " + by + why
	case "access.suspended", "access.reopened", "access.closed":
		return "access " + strings.TrimPrefix(e.Action, "access.") + " by " + by + why
	case "rights.account_changed":
		return "rights of the account changed by " + by + ": given " + cmp.Or(e.Details["given"], "none") + ", withheld " + cmp.Or(e.Details["withheld"], "none") + why
	case "access.missing":
		return "had no right in the application " + e.Details["client"]
	case "organisation.invited", "organisation.suspended", "organisation.reopened", "organisation.removed", "organisation.demoted":
		return strings.TrimPrefix(e.Action, "organisation.") + " by an administrator of the organisation"
	case "organisation.role_offered":
		return "was offered the administrator's role"
	case "organisation.role_accepted":
		return "accepted the administrator's role"
	case "organisation.code_resent":
		return "new provisional password ordered by an administrator of the organisation"
	case "access.reset":
		return "new provisional password ordered by " + by + why
	case "access.reissued":
		return "both codes ordered again by " + by + why
	case "access.dormant":
		return "access ended because nobody signed in"
	case "access.erased":
		return "personal data erased"
	}
	return ""
}
