package operator_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"loge/provider/operator"
)

func TestReportFileIsSafeInASpreadsheet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "comptes.csv")
	report := operator.NewReportFile(file)
	for i, number := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "45675320380001", `a;"b"`} {
		if err := report.Add(operator.Refusal{Line: i + 2, Number: number, Reason: "type « x » ; nom manquant"}); err != nil {
			t.Fatal(err)
		}
	}
	path, err := report.Close()
	if err != nil || path != file+".rapport.csv" {
		t.Fatalf("Close = %q, %v", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, found := strings.CutPrefix(string(data), "\ufeff")
	if !found {
		t.Error("no byte order mark: spreadsheets would show broken accents")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, row := range rows {
		numbers = append(numbers, row[1])
	}
	want := []string{"numero_utilisateur", "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "45675320380001", `a;"b"`}
	if diff := cmp.Diff(want, numbers); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; want 0600", info.Mode(), err)
	}
}

func TestNoRefusalNoReport(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "comptes.csv")
	former := operator.NewReportFile(file)
	if err := former.Add(operator.Refusal{Line: 2, Number: "1", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := former.Close(); err != nil {
		t.Fatal(err)
	}
	if path, err := operator.NewReportFile(file).Close(); path != "" || err != nil {
		t.Errorf("Close = %q, %v", path, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("the report of the run before is still there: %v", left)
	}
	// A file of somebody else's is never touched.
	foreign := file + ".rapport.csv"
	if err := os.WriteFile(foreign, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.NewReportFile(file).Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a foreign file was removed: %v", err)
	}
}

func TestReportGoesToTheCurrentFolderWhenItMust(t *testing.T) {
	gone, here := filepath.Join(t.TempDir(), "gone"), t.TempDir() // root may write to every folder but this
	t.Chdir(here)
	report := operator.NewReportFile(filepath.Join(gone, "comptes.csv"))
	if err := report.Add(operator.Refusal{Line: 2, Number: "1", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if path, err := report.Close(); err != nil || path != "comptes.csv.rapport.csv" {
		t.Errorf("Close = %q, %v", path, err)
	}
}
