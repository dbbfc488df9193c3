package delivery

import (
	"context"
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"loge/provider/text"
	"loge/storage"
)

// day moves the office's clock to noon of a day and returns that day.
func (o *office) day(t *testing.T, s string) time.Time {
	t.Helper()
	day, err := text.Day(s)
	if err != nil {
		t.Fatal(err)
	}
	o.wait(day.Add(12 * time.Hour).Sub(o.clock()))
	return day
}

func TestPasswordsWaitForTwoWorkingDaysAfterTheRunIsMarked(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.LetterSeparation = 2
		kept := o.keep()
		friday := o.day(t, "2031-01-10")
		u := o.landlord(t, 1, storage.ByLetter)
		dir := t.TempDir()
		if runs := o.print(t, dir); len(runs) != 1 || runs[0].Kind != storage.MessageIdentifier {
			t.Fatalf("runs = %+v, want the identifiers alone", runs)
		}
		o.day(t, "2031-01-20")
		if runs := o.print(t, dir); len(runs) != 0 {
			t.Fatalf("passwords are printed although nobody marked the identifiers: %+v", runs)
		}
		if _, err := o.Confirm(t.Context(), 1, friday.AddDate(0, 0, -1), "agent:odile"); err == nil {
			t.Error("a run may be posted before it was made")
		}
		if _, err := o.Confirm(t.Context(), 1, friday.AddDate(0, 1, 0), "agent:odile"); err == nil {
			t.Error("a run may be posted tomorrow")
		}
		if _, err := o.Confirm(t.Context(), 7, friday, "agent:odile"); err == nil {
			t.Error("a run that is not there may be marked")
		}
		monday := o.day(t, "2031-01-20")
		done, err := o.Confirm(t.Context(), 1, monday, "agent:odile")
		due := done.Due
		if err != nil || due.Format(time.DateOnly) != "2031-01-22" {
			t.Fatalf("due %v, %v", due, err)
		}
		if _, err := o.Confirm(t.Context(), 1, monday, "agent:odile"); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("marked twice: %v", err)
		}
		o.wait(due.Sub(o.clock()) - time.Second)
		if runs := o.print(t, dir); len(runs) != 0 {
			t.Fatalf("a second too early: %+v", runs)
		}
		o.wait(time.Second)
		runs := o.print(t, dir)
		if len(runs) != 1 || runs[0].Kind != storage.MessageProvisional {
			t.Fatalf("runs = %+v, want the passwords", runs)
		}
		if o.opens(t, u, (*kept)[1][0].Secret) != 1 {
			t.Error("the password opens nothing")
		}
		events, err := o.DB.AuditOf(t.Context(), "1", 10)
		posted := slices.IndexFunc(events, func(e storage.AuditEvent) bool { return e.Action == "letters.posted" })
		if err != nil || posted < 0 || events[posted].Actor != "agent:odile" {
			t.Errorf("journal = %v, %v", events, err)
		}
	})
}

func TestManifestListsEachSheet(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		for n := range 3 {
			o.landlord(t, n+1, storage.ByLetter)
		}
		runs := o.print(t, t.TempDir())
		for i, run := range runs {
			file := manifest(run.File)
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("manifest: %v, %v", info, err)
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := csv.NewReader(strings.NewReader(string(content)))
			in.Comma = ';'
			rows, err := in.ReadAll()
			if err != nil || len(rows) != 4 {
				t.Fatalf("rows = %v, %v", rows, err)
			}
			stored, err := o.DB.PrintRun(t.Context(), run.Number)
			if err != nil {
				t.Fatal(err)
			}
			for n, row := range rows[1:] {
				l := (*kept)[i][n]
				if want := "000" + strconv.Itoa(run.Number) + "-0000" + strconv.Itoa(n+1); row[0] != want || !strings.HasSuffix(l.Reference, want) ||
					!strings.Contains(l.Number, row[1]) || row[2] != "1" || row[3] != stored.SHA256 {
					t.Errorf("row %v, sheet %q for %q", row, l.Reference, l.Number)
				}
				if strings.Contains(string(content), l.Secret) {
					t.Error("the manifest holds a secret")
				}
			}
		}
	})
}

func TestReprintBringsANewSecretAndLeavesTheOldOneUntilThen(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		u, other := o.landlord(t, 1, storage.ByLetter), o.landlord(t, 2, storage.ByLetter)
		dir := t.TempDir()
		o.print(t, dir)
		first := (*kept)[1]
		if n, err := o.Reprint(t.Context(), "0002-00001", "agent:odile"); n != 1 || err != nil {
			t.Fatalf("Reprint: %d, %v", n, err)
		}
		if _, err := o.Reprint(t.Context(), "0002-00001", "agent:odile"); err == nil {
			t.Error("a letter that was replaced is replaced again")
		}
		for _, nothing := range []string{"0009-00001", "9", "x", "-1", "0002-00001;--"} {
			if _, err := o.Reprint(t.Context(), nothing, "agent:odile"); err == nil {
				t.Errorf("%q is printed again", nothing)
			}
		}
		if o.opens(t, u, first[0].Secret) != 1 {
			t.Error("the first password ended before the second was printed")
		}
		if runs := o.print(t, dir); len(runs) != 1 || runs[0].Letters != 1 {
			t.Fatalf("runs = %+v", runs)
		}
		second := (*kept)[2][0].Secret
		if second == first[0].Secret || o.opens(t, u, second) != 1 || o.opens(t, u, first[0].Secret) != 0 || o.opens(t, other, first[1].Secret) != 1 {
			t.Error("want a new secret for one and nothing changed for the other")
		}
		if n, err := o.Reprint(t.Context(), "1", "agent:odile"); n != 2 || err != nil {
			t.Fatalf("Reprint of the run: %d, %v", n, err)
		}
		if runs := o.print(t, dir); len(runs) != 1 || runs[0].Kind != storage.MessageIdentifier || runs[0].Letters != 2 {
			t.Fatalf("runs = %+v, want both identifiers again", runs)
		}
	})
}

func TestReprintManyAtOncePrintsOnce(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.landlord(t, 1, storage.ByLetter)
		dir := t.TempDir()
		o.print(t, dir)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 50 {
			wg.Go(func() {
				n, _ := o.Reprint(t.Context(), "2", "agent:odile")
				mu.Lock()
				won += n
				mu.Unlock()
			})
		}
		wg.Wait()
		if runs := o.print(t, dir); won != 1 || len(runs) != 1 || runs[0].Letters != 1 {
			t.Errorf("%d won, runs %+v", won, runs)
		}
	})
}

func TestReturnedLetterStopsThePasswordUntilTheAddressIsCorrected(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		u, other := o.landlord(t, 1, storage.ByLetter), o.landlord(t, 2, storage.ByLetter)
		dir := t.TempDir()
		o.print(t, dir)
		first := (*kept)[1]
		a, err := o.DB.Account(t.Context(), u.AccountID)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"0001-00001", a.Number} { // twice changes nothing
			if number, err := o.Returned(t.Context(), what, "n’habite pas à l’adresse indiquée", "agent:odile"); err != nil || number != a.Number {
				t.Fatalf("Returned: %q, %v", number, err)
			}
		}
		for _, nothing := range []string{"0009-00001", "99999999999999", "x"} {
			if _, err := o.Returned(t.Context(), nothing, "", "agent:odile"); err == nil {
				t.Errorf("%q came back", nothing)
			}
		}
		if o.opens(t, u, first[0].Secret) != 0 || o.opens(t, other, first[1].Secret) != 1 {
			t.Error("want the password of the returned letter stopped, and no other")
		}
		bad, err := o.DB.UndeliverableOf(t.Context(), a.ID)
		if err != nil || len(bad) != 1 || bad[0].Channel != storage.ByLetter || bad[0].Reason != "n’habite pas à l’adresse indiquée" {
			t.Errorf("address = %+v, %v", bad, err)
		}
		if runs := o.print(t, dir); len(runs) != 0 {
			t.Fatalf("a letter goes to the wrong address: %+v", runs)
		}
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			return q.UpdateAgencyData(ctx, a, storage.At(o.clock()))
		})
		if runs := o.print(t, dir); len(runs) != 0 {
			t.Fatalf("the same address is good again: %+v", runs)
		}
		a.Address = "3 rue Haute\n99990 VAUDREUIL"
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			return q.UpdateAgencyData(ctx, a, storage.At(o.clock()))
		})
		if runs := o.print(t, dir); len(runs) != 2 || runs[0].Letters != 1 || runs[1].Letters != 1 {
			t.Fatalf("runs = %+v, want both letters to the new address", runs)
		}
		last := (*kept)[len(*kept)-1]
		if !strings.Contains(strings.Join(last[0].Recipient, " "), "3 RUE HAUTE") || o.opens(t, u, last[0].Secret) != 1 {
			t.Errorf("the new letter goes to %q", last[0].Recipient)
		}
		events, err := o.DB.AuditOf(t.Context(), a.ID, 10)
		if err != nil || len(events) != 2 || events[0].Action != "letter.returned" || events[0].Actor != "agent:odile" {
			t.Errorf("journal = %v, %v", events, err)
		}
	})
}

func TestRateIsSharedByReplicas(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.Rate = 60 // one a second, five at once
		two := o.replica(t)
		two.Rate = 60
		for n := range 12 {
			o.landlord(t, n+1, storage.ByEmail)
		}
		var total int
		for _, d := range []*Delivery{o.Delivery, two} {
			n, err := d.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if total != 5 {
			t.Errorf("%d left at once, want 5", total)
		}
		o.wait(3 * time.Second)
		if n, err := two.Run(t.Context()); n != 3 || err != nil {
			t.Errorf("%d left in three seconds, %v, want 3", n, err)
		}
	})
}
