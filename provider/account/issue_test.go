package account

import (
	"errors"
	"testing"
	"time"

	"loge/storage"
)

func TestMayIssue(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	second := func(n int) storage.Time { return storage.At(now.Add(time.Duration(n) * time.Second)) }
	type facts struct {
		user    storage.User
		account storage.Account
		client  ClientFacts
		session SessionFacts
	}
	for _, test := range []struct {
		name   string
		change func(*facts)
		want   error
	}{
		{"nothing against it", func(*facts) {}, nil},
		{"no limit binds", func(f *facts) { f.session.ExpiresAt, f.session.IdleAt = 0, 0 }, nil},
		{"client disabled", func(f *facts) { f.client.Disabled = true }, ClientDisabled},
		{"account suspended", func(f *facts) { f.account.SuspendedAt = second(-1) }, AccountSuspended},
		{"user suspended", func(f *facts) { f.user.State = storage.StateSuspended }, UserSuspended},
		{"user dormant", func(f *facts) { f.user.State = storage.StateDormant }, UserDormant},
		{"user closed", func(f *facts) { f.user.State = storage.StateClosed }, UserClosed},
		{"first sign-in not finished", func(f *facts) { f.user.State = storage.StateIssued }, NotActivated},
		{"unknown state", func(f *facts) { f.user.State = "later" }, NotActivated},
		{"no user", func(f *facts) { f.user = storage.User{} }, NotActivated},
		{"no own password", func(f *facts) { f.user.PasswordHash = "" }, PasswordDue},
		{"change of password ordered", func(f *facts) { f.user.PasswordMustChange = true }, PasswordDue},
		{"provisional session", func(f *facts) { f.session.Provisional = true }, SessionProvisional},
		{"signed out", func(f *facts) { f.session.EndedAt = second(-60) }, SessionEnded},
		{"last second of the session", func(f *facts) { f.session.ExpiresAt = second(1) }, nil},
		{"absolute limit reached", func(f *facts) { f.session.ExpiresAt = second(0) }, SessionExpired},
		{"absolute limit passed", func(f *facts) { f.session.ExpiresAt = second(-1) }, SessionExpired},
		{"last second before idle", func(f *facts) { f.session.IdleAt = second(1) }, nil},
		{"idle limit reached", func(f *facts) { f.session.IdleAt = second(0) }, SessionIdle},
		{"granted after the password was chosen", func(f *facts) { f.session.GrantedAt, f.user.PasswordSetAt = second(-5), second(-5) }, nil},
		{"password chosen after the grant", func(f *facts) { f.session.GrantedAt, f.user.PasswordSetAt = second(-5), second(-4) }, PasswordChanged},
		{"password chosen while an ordinary session lasts", func(f *facts) { f.user.PasswordSetAt = second(-4) }, nil},
		{"a text is not accepted", func(f *facts) { f.session.Accepted = false }, DocumentsPending},
		{"no right in the application", func(f *facts) { f.client.Rights.Registered = []storage.Right{{Name: "lire", Restricted: true}} }, NoRight},
		{"a right in the application", func(f *facts) { f.client.Rights.Registered = []storage.Right{{Name: "lire"}} }, nil},
		{"no facts about the session", func(f *facts) { f.session = SessionFacts{} }, DocumentsPending},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := facts{
				user:    storage.User{State: storage.StateActive, PasswordHash: "$argon2id$…"},
				session: SessionFacts{ExpiresAt: second(3600), IdleAt: second(1800), Accepted: true},
			}
			test.change(&f)
			err := MayIssue(f.user, f.account, f.client, f.session, now)
			if !errors.Is(err, test.want) {
				t.Errorf("MayIssue = %v, want %v", err, test.want)
			}
			if _, ok := errors.AsType[Refusal](err); err != nil && !ok {
				t.Errorf("MayIssue returned %T, want a Refusal", err)
			}
		})
	}
}
