package account_test

import (
	"strings"
	"testing"

	"loge/provider/account"
	"loge/storage"
)

// Every pair of act and state, and one state that nobody knows.
func TestWhichStateAllowsWhat(t *testing.T) {
	states := []string{storage.StateIssued, storage.StateActive, storage.StateSuspended, storage.StateDormant, storage.StateClosed, "unknown"}
	for act, want := range map[account.Act]string{ // y: can be done
		account.Suspend: "yynynn",
		account.Reopen:  "yyynnn",
		account.Reset:   "yynynn",
		account.Reissue: "yynynn",
		account.Close:   "yyyynn",
		"sell":          "nnnnnn",
	} {
		for i, state := range states {
			err := act.Allows(state)
			if (err == nil) != (want[i] == 'y') {
				t.Errorf("%s in state %s: %v", act, state, err)
			}
			if err != nil && !strings.Contains(err.Error(), state) {
				t.Errorf("%s in state %s: %q does not name the state", act, state, err)
			}
		}
	}
}

func TestReopeningGivesTheFormerStateBack(t *testing.T) {
	for at, want := range map[storage.Time]string{0: storage.StateIssued, 100: storage.StateActive} {
		if got := account.Reopened(storage.User{ActivatedAt: at, State: storage.StateSuspended}); got != want {
			t.Errorf("activated at %d: %s, want %s", at, got, want)
		}
	}
}
