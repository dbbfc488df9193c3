package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The kinds of mail. The names are stored in the outbox: they never change.
const (
	KindIdentifier             = "identifier"              // needs Number, Identifier
	KindProvisional            = "provisional"             // needs Number, Password, Date (last day)
	KindEmailCode              = "email_code"              // needs Code, Validity
	KindPasswordChanged        = "password_changed"        // needs Number, Date (when it happened)
	KindPasswordChangedHere    = "password_changed_here"   // the same, when the other devices stay signed in
	KindAdministratorAppointed = "administrator_appointed" // needs Company, Person, Date (when it happened)
	KindRoleGiven              = "role_given"              // needs Number, Company, Date (when it happened)
	KindRoleTaken              = "role_taken"              // the same
	KindPasswordReset          = "password_reset"          // needs Number, Password, Date (of the request), Validity
	KindPasswordLink           = "password_link"           // needs Number, Link, Date (of the request), Validity
	KindIdentifierFound        = "identifier_found"        // needs Number, Identifier, Date (of the request)
	KindAccessSuspended        = "access_suspended"        // needs Number, Date (when it happened)
	KindAccessReopened         = "access_reopened"         // needs Number, Date (when it happened)
	KindAccessClosed           = "access_closed"           // needs Number, Date (when it happened)
	KindNewDevice              = "new_device"              // needs Number, Device, Date (when it happened)
	KindTooManyAttempts        = "too_many_attempts"       // needs Number, Date (when it happened)
	KindFactorAdded            = "factor_added"            // needs Number, Date (when it happened)
	KindFactorAddedTOTP        = "factor_added_totp"       // the same, of an application of codes
	KindRecoveryCodesRenewed   = "recovery_codes_renewed"  // needs Number, Date (when it happened)
	KindFactorRemoved          = "factor_removed"          // needs Number, Date (when it happened)
	KindFactorRemovedLast      = "factor_removed_last"     // the same, when none is left
	KindFactorRemovedAgency    = "factor_removed_agency"   // the same, when the agency did it
	KindRecoveryCodeUsed       = "recovery_code_used"      // needs Number, Count (left), Date (when it happened)
	KindFactorAttempts         = "factor_attempts"         // needs Number, Date (when it happened)
	KindReminder               = "reminder"                // needs Number, Identifier, Count (1 to 3), Date (of the opening)
	KindDormancyWarning        = "dormancy_warning"        // needs Number, Count (months), Date (first day without access)
	KindEmailChanging          = "email_changing"          // to the former address; needs Number, Address, Link, Date (of the request), Validity
	KindClosingAsked           = "closing_asked"           // needs Number, Date (when it happened)
	KindClosingWithdrawn       = "closing_withdrawn"       // needs Number, Date (when it happened)
	KindClosingRefused         = "closing_refused"         // needs Number, Reason
	KindEmailChangedHere       = "email_changed_here"      // needs Number, Date (when it happened)
	KindEmailRestored          = "email_restored"          // needs Number, Date (when it happened)
	KindResetWait              = "reset_wait"              // needs Number, Date (from when on it can be asked for)

	// What an administrator did to a person of his organisation; Person is the administrator.
	KindInvitation          = "invitation"             // needs Number, Identifier, Person, Company, Rights
	KindInvitationOpen      = "invitation_open"        // the same without Rights: applications know none
	KindSuspendedBy         = "suspended_by"           // needs Number, Person, Date (when it happened)
	KindReopenedBy          = "reopened_by"            // needs Number, Person, Date
	KindRemovedBy           = "removed_by"             // needs Number, Person, Date
	KindRightsChangedBy     = "rights_changed_by"      // needs Number, Person, Date, Rights
	KindRightsChangedByNone = "rights_changed_by_none" // the same, when none are left
	KindDemotedBy           = "demoted_by"             // needs Person, Company, Date
	KindRoleOffered         = "role_offered"           // needs Person, Company
	KindRoleAccepted        = "role_accepted"          // needs Person, Company, Date
	KindContactChanged      = "contact_changed"        // needs Person, Company, Address, Date
)

// kinds gives each kind the text of its subject; its templates bear its name.
var kinds = map[string]string{
	KindIdentifier:             "mail.identifier.subject",
	KindProvisional:            "mail.provisional.subject",
	KindEmailCode:              "mail.email_code.subject",
	KindPasswordChanged:        "mail.password_changed.subject",
	KindPasswordChangedHere:    "mail.password_changed.subject",
	KindAdministratorAppointed: "mail.administrator_appointed.subject",
	KindRoleGiven:              "mail.role_given.subject",
	KindRoleTaken:              "mail.role_taken.subject",
	KindPasswordReset:          "mail.password_reset.subject",
	KindPasswordLink:           "mail.password_link.subject",
	KindIdentifierFound:        "mail.identifier_found.subject",
	KindAccessSuspended:        "mail.access_suspended.subject",
	KindAccessReopened:         "mail.access_reopened.subject",
	KindAccessClosed:           "mail.access_closed.subject",
	KindNewDevice:              "mail.new_device.subject",
	KindTooManyAttempts:        "mail.too_many_attempts.subject",
	KindFactorAdded:            "mail.factor_added.subject",
	KindFactorAddedTOTP:        "mail.factor_added.subject",
	KindRecoveryCodesRenewed:   "mail.recovery_codes_renewed.subject",
	KindFactorRemoved:          "mail.factor_removed.subject",
	KindFactorRemovedLast:      "mail.factor_removed.subject",
	KindFactorRemovedAgency:    "mail.factor_removed.subject",
	KindRecoveryCodeUsed:       "mail.recovery_code_used.subject",
	KindFactorAttempts:         "mail.factor_attempts.subject",
	KindReminder:               "mail.reminder.subject",
	KindDormancyWarning:        "mail.dormancy_warning.subject",
	KindEmailChanging:          "mail.email_changing.subject",
	KindClosingAsked:           "mail.closing_asked.subject",
	KindClosingWithdrawn:       "mail.closing_withdrawn.subject",
	KindClosingRefused:         "mail.closing_refused.subject",
	KindEmailChangedHere:       "mail.email_changed_here.subject",
	KindEmailRestored:          "mail.email_restored.subject",
	KindResetWait:              "mail.password_reset.subject",
	KindInvitation:             "mail.invitation.subject",
	KindInvitationOpen:         "mail.invitation.subject",
	KindSuspendedBy:            "mail.access_suspended.subject",
	KindReopenedBy:             "mail.access_reopened.subject",
	KindRemovedBy:              "mail.access_closed.subject",
	KindRightsChangedBy:        "mail.rights_changed_by.subject",
	KindRightsChangedByNone:    "mail.rights_changed_by.subject",
	KindDemotedBy:              "mail.demoted_by.subject",
	KindRoleOffered:            "mail.role_offered.subject",
	KindRoleAccepted:           "mail.role_accepted.subject",
	KindContactChanged:         "mail.contact_changed.subject",
}

// Message is what to say to whom.
type Message struct {
	// ID makes the Message-ID, so that a mail sent a second time after a lost
	// answer is recognised as the same one: pass the outbox row's. Letters,
	// digits and hyphens; empty: random.
	ID     string
	Kind   string
	To     string // e-mail address, without a name
	ToName string // « Jeanne Martin »; empty for an organisation: « Bonjour, »
	// Department is that of the account, whose contact the mail names; empty: the
	// general one.
	Department string
	Data       Data
}

// Data are the values of a mail's text, as people read them. Each kind says
// which it needs; a missing one is an error, not a hole in a sentence.
type Data struct {
	Number     string // numéro utilisateur
	Identifier string // « LOG XXXXXXXX »
	Password   string // provisional, « XXXX-XXXX-XXXX »
	Code       string // six digits
	Person     string // the administrator's name
	Rights     string // what somebody may do, sentences in one line
	Company    string // raison sociale
	Link       string // address on our own site, whole
	Device     string // « Firefox sur Windows »
	Address    string // an e-mail address, masked: « p•••@g•••.fr »
	Reason     string // why, in the agency's words
	Count      string // a number: which reminder, how many months
	Date       time.Time
	Validity   time.Duration
}

// maxName is the longest name a header takes, in bytes; longer ones are not
// cut but refused, because they are never a name.
const maxName = 300

func (m Message) check() error {
	if _, known := kinds[m.Kind]; !known {
		return fmt.Errorf("unknown kind of mail %q", m.Kind)
	}
	for _, r := range m.ID {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-') {
			return fmt.Errorf("message id: %q is not a letter, digit or hyphen", r)
		}
	}
	if err := checkAddress(m.To); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	d := m.Data
	for _, v := range []struct{ what, value string }{
		{"recipient's name", m.ToName}, {"number", d.Number}, {"identifier", d.Identifier},
		{"password", d.Password}, {"code", d.Code}, {"person", d.Person}, {"rights", d.Rights}, {"company", d.Company}, {"link", d.Link}, {"device", d.Device}, {"address", d.Address}, {"reason", d.Reason}, {"count", d.Count},
	} {
		if err := checkValue(v.value); err != nil {
			return fmt.Errorf("%s: %w", v.what, err) // the value may be secret: never in the error
		}
	}
	return nil
}

// checkValue refuses what could end a header line or stand for something else
// in a text: control characters, line separators, private characters.
func checkValue(s string) error {
	switch {
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	case len(s) > maxName:
		return fmt.Errorf("%d bytes, at most %d", len(s), maxName)
	case strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Co, unicode.Zl, unicode.Zp)
	}):
		return errors.New("holds a line break or a control character")
	}
	return nil
}

// checkAddress takes a bare address only: « a@b », not « A <a@b> ».
func checkAddress(s string) error {
	if err := checkValue(s); err != nil {
		return err
	}
	parsed, err := netmail.ParseAddress(s)
	if err != nil || parsed.Address != s || parsed.Name != "" {
		return errors.New("not an e-mail address")
	}
	return nil
}
