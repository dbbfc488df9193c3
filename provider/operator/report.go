package operator

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Report is what an import has done, or would have done in a dry run.
type Report struct {
	File      string `json:"file"`
	SHA256    string `json:"sha256"` // of the file, hexadecimal
	DryRun    bool   `json:"dry_run"`
	Created   int    `json:"created"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
	Refused   int    `json:"refused"`
}

// Refusal is a row that was not taken.
type Refusal struct {
	Line   int    `json:"line"`               // of the file; the header row is 1
	Number string `json:"numero_utilisateur"` // as typed
	Reason string `json:"reason"`             // in French, for the agency
}

const reportHeader = "ligne;numero_utilisateur;motif\r\n"

// ReportFile is FILE.rapport.csv: the refused rows, for a spreadsheet (UTF-8
// with byte order mark, semicolons). It comes into being with the first
// refusal, and under its name only when complete.
type ReportFile struct {
	name string // of the import file
	file *os.File
	out  *bufio.Writer
}

// NewReportFile prepares the report for an import file. It is written beside
// it, or into the current folder when that folder cannot be written to.
func NewReportFile(importFile string) *ReportFile { return &ReportFile{name: importFile} }

// Add writes one refused row.
func (r *ReportFile) Add(refusal Refusal) error {
	if r.file == nil {
		file, err := create(filepath.Dir(r.name))
		if err != nil {
			return fmt.Errorf("create report: %w", err)
		}
		r.file, r.out = file, bufio.NewWriter(file)
		if _, err := r.out.WriteString(string(byteOrderMark) + reportHeader); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	_, err := fmt.Fprintf(r.out, "%d;%s;%s\r\n", refusal.Line, cell(refusal.Number), cell(refusal.Reason))
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Close completes the report and returns its path. Without refusals there is
// none: the path is empty, and a report of an earlier run is removed, because
// it would tell of rows that are good now.
func (r *ReportFile) Close() (string, error) {
	name := filepath.Base(r.name) + ".rapport.csv"
	if r.file == nil {
		path := filepath.Join(filepath.Dir(r.name), name)
		if isReport(path) {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrPermission) {
				return "", fmt.Errorf("remove former report: %w", err)
			}
		}
		return "", nil
	}
	path := filepath.Join(filepath.Dir(r.file.Name()), name)
	err := errors.Join(r.out.Flush(), r.file.Close())
	if err == nil {
		err = os.Rename(r.file.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("write report: %w", errors.Join(err, os.Remove(r.file.Name())))
	}
	return path, nil
}

// create makes a file only its owner can read: a report names people's numbers.
func create(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, ".rapport-*.csv")
	if err == nil {
		return file, nil
	}
	file, here := os.CreateTemp(".", ".rapport-*.csv")
	if here != nil {
		return nil, errors.Join(err, here)
	}
	return file, nil
}

func isReport(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	start := make([]byte, len(byteOrderMark)+len(reportHeader))
	n, _ := file.Read(start) // what cannot be read is not our report
	return string(start[:n]) == string(byteOrderMark)+reportHeader
}

// cell writes one cell. What a spreadsheet would take for a formula gets an
// apostrophe before it, which spreadsheets read as « this is text ».
func cell(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		s = "'" + s
	}
	if strings.ContainsAny(s, ";\"\r\n\t ,") {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// String is the report in one line, for the console.
func (r Report) String() string {
	parts := []string{
		counted(r.Created, "created"), counted(r.Updated, "updated"), counted(r.Unchanged, "unchanged"), counted(r.Refused, "refused"),
	}
	return strings.Join(parts, ", ")
}

func counted(n int, what string) string { return strconv.Itoa(n) + " " + what }
