package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"testing"
	"time"

	"loge/provider/oauth"
)

// TestKilledWhileKeysChange kills loge key rotate --now at many moments. Each
// time exactly one key of each algorithm signs, no earlier one is trusted, and
// the journal is whole.
func TestKilledWhileKeysChange(t *testing.T) {
	t.Parallel()
	k := newKilled(t)
	var cut, done int
	for delay := time.Duration(0); delay <= 400*time.Millisecond; delay += 20 * time.Millisecond {
		cmd := k.command("key", "rotate", "--now")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(delay)
		_ = cmd.Process.Kill() // it may have ended
		var exit *exec.ExitError
		if err := cmd.Wait(); errors.As(err, &exit) {
			cut++
		} else {
			done++
		}
		var list struct{ Keys []keyDetails }
		if err := json.Unmarshal([]byte(k.loge("key", "list", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		states := map[string]int{}
		for _, key := range list.Keys {
			states[key.Alg+" "+key.State]++
		}
		known := 0
		for _, alg := range oauth.Algorithms() {
			signing, withdrawn := states[alg+" signing"], states[alg+" withdrawn"]
			known += signing + withdrawn
			if first := signing+withdrawn == 0 && (alg == "RS256" || alg == "PS256"); signing != 1 && !first { // those may not be made yet
				t.Fatalf("killed after %v: %v", delay, states)
			}
		}
		if known != len(list.Keys) {
			t.Fatalf("killed after %v: %v", delay, states)
		}
	}
	k.loge("audit", "verify")
	k.loge("check")
	t.Logf("%d were killed, %d had ended", cut, done)
}
