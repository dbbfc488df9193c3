package signin_test

import (
	"testing"

	"loge/provider/signin"
)

// reasons sets one reason of the table each, in the order of the steps.
var reasons = []struct {
	step signin.Step
	set  func(*signin.State, bool)
}{
	{signin.Login, func(s *signin.State, is bool) { s.SignedIn = !is }},
	{signin.Login, func(s *signin.State, is bool) { s.SignInTooOld = is }},
	{signin.Choose, func(s *signin.State, is bool) { s.AccountUnchosen = is }},
	{signin.Factor, func(s *signin.State, is bool) { s.FactorUnproven = is }},
	{signin.Administrator, func(s *signin.State, is bool) { s.AdministratorUndecided = is }},
	{signin.Details, func(s *signin.State, is bool) { s.DetailsMissing = is }},
	{signin.Email, func(s *signin.State, is bool) { s.EmailUnconfirmed = is }},
	{signin.Password, func(s *signin.State, is bool) { s.PasswordMissing = is }},
	{signin.Rules, func(s *signin.State, is bool) { s.RulesPending = is }},
	{signin.Terms, func(s *signin.State, is bool) { s.TermsPending = is }},
	{signin.Access, func(s *signin.State, is bool) { s.RightMissing = is }},
	{signin.Enrolment, func(s *signin.State, is bool) { s.FactorMissing = is }},
	{signin.Codes, func(s *signin.State, is bool) { s.CodesUnnoted = is }},
	{signin.Consent, func(s *signin.State, is bool) { s.ConsentMissing = is }},
}

// TestNextIsTheFirstStepWithAReason goes through every combination of reasons.
func TestNextIsTheFirstStepWithAReason(t *testing.T) {
	for mask := range 1 << len(reasons) {
		var state signin.State
		want := signin.Done
		for i := len(reasons) - 1; i >= 0; i-- {
			is := mask&(1<<i) != 0
			reasons[i].set(&state, is)
			if is {
				want = reasons[i].step
			}
		}
		if got := signin.Next(state); got != want {
			t.Errorf("Next(%+v) = %q, want %q", state, got, want)
		}
	}
}

func TestNobodyHasToSignIn(t *testing.T) {
	if got := signin.Next(signin.State{}); got != signin.Login {
		t.Errorf("Next of the zero State = %q, want login", got)
	}
}
