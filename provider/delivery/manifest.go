package delivery

import (
	"encoding/csv"
	"io"
	"strings"
)

// sheet is one printed letter, for the manifest and the database.
type sheet struct{ number, account, message, provisional string }

// manifest is the name of the list that goes with the file of a run.
func manifest(file string) string { return strings.TrimSuffix(file, ".pdf") + ".csv" }

// writeManifest lists the sheets in the order of their pages. The hash is that
// of the PDF, so that whoever prints can compare it: sha256sum.
func (b *batch) writeManifest(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	rows := [][]string{{"courrier", "numero_utilisateur", "pages", "sha256"}}
	for _, s := range b.sheets {
		rows = append(rows, []string{s.number, harmless(s.account), "1", b.run.SHA256})
	}
	return out.WriteAll(rows)
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}
