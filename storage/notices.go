package storage

import "context"

// Kinds of message that tell a person about his access. Data is what stands
// behind the kind.
const (
	MessageAccessSuspended = "access_suspended"
	MessageAccessReopened  = "access_reopened"
	MessageAccessClosed    = "access_closed"
	MessageNewDevice       = "new_device" // device
	MessageTooManyAttempts = "too_many_attempts"
	MessageReminder        = "reminder"         // n: which of the three
	MessageDormancyWarning = "dormancy_warning" // since and until, in Unix seconds

	MessageClosingAsked     = "closing_asked"
	MessageClosingWithdrawn = "closing_withdrawn"
	MessageClosingRefused   = "closing_refused" // reason

	MessageEmailChanging    = "email_changing"     // undo: its id; to the address that was given up
	MessageEmailChangedHere = "email_changed_here" // to the new one
	MessageEmailRestored    = "email_restored"
	MessageResetWait        = "reset_wait" // until, in Unix seconds: « Mot de passe oublié » came too early after a change

	MessageFactorAdded      = "factor_added"       // kind: passkey, totp, codes
	MessageFactorRemoved    = "factor_removed"     // last, agency: yes
	MessageRecoveryCodeUsed = "recovery_code_used" // left: how many are not used
	MessageFactorAttempts   = "factor_attempts"

	MessageRoleGiven = "role_given" // administrator, by the agency
	MessageRoleTaken = "role_taken"
)

// Kinds of message that tell a person what an administrator of his organisation
// did; actor is the administrator's id, rights what he may do now.
const (
	MessageInvitation      = "invitation" // actor, rights; opens an access
	MessageSuspendedBy     = "suspended_by"
	MessageReopenedBy      = "reopened_by"
	MessageRemovedBy       = "removed_by"
	MessageRightsChangedBy = "rights_changed_by" // rights
	MessageDemotedBy       = "demoted_by"
	MessageRoleOffered     = "role_offered"
	MessageRoleAccepted    = "role_accepted"
	MessageContactChanged  = "contact_changed" // address: the new one, masked; former: whom it goes to instead of the user
)

// NotifyAppointed tells an organisation who is its administrator: by e-mail, or
// by letter when it has no address.
func (q *Queries) NotifyAppointed(ctx context.Context, a Account, userID string, now Time) error {
	m := Message{Kind: MessageAdministratorAppointed, Channel: ByEmail, AccountID: a.ID, UserID: userID, NotBefore: now, CreatedAt: now}
	if a.ContactEmail == "" {
		m.Channel = ByLetter
	}
	return q.Enqueue(ctx, m)
}

// Notify tells a user something by e-mail; nothing when no address is known.
func (q *Queries) Notify(ctx context.Context, u User, kind string, data map[string]string, now Time) error {
	if u.Email == "" {
		return nil
	}
	return q.Enqueue(ctx, Message{Kind: kind, Channel: ByEmail, AccountID: u.AccountID, UserID: u.ID, Data: data, NotBefore: now, CreatedAt: now})
}
