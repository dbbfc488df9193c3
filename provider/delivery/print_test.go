package delivery

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"loge/provider/account"
	"loge/provider/letter"
	"loge/storage"
)

// keep makes the office remember the letters of each run, beside their PDF.
func (o *office) keep() *[][]letter.Letter {
	kept := &[][]letter.Letter{}
	var mu sync.Mutex
	o.WritePDF = func(w io.Writer, letters []letter.Letter) error {
		mu.Lock()
		defer mu.Unlock()
		*kept = append(*kept, letters)
		return letter.WritePDF(w, letters)
	}
	return kept
}

// print prints into dir and fails the test when that fails.
func (o *office) print(t *testing.T, dir string) []Run {
	t.Helper()
	runs, err := o.Print(t.Context(), dir, "agent:odile")
	if err != nil {
		t.Fatalf("Print: %v\n%s", err, o.log)
	}
	return runs
}

// names lists the folder, hidden files included.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestIdentifiersAndPasswordsInTwoRuns(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		one := o.landlord(t, 1, storage.ByLetter)
		two := o.landlord(t, 2, storage.ByLetter, func(a *storage.Account, u *storage.User) {
			a.Kind, a.CompanyName, u.Role, u.Title, u.GivenName, u.FamilyName = storage.Organisation, "SCI des Œillets", storage.RoleMember, "", "", ""
		})
		o.landlord(t, 3, storage.ByEmail)
		dir := filepath.Join(t.TempDir(), "courriers")
		runs := o.print(t, dir)
		if len(runs) != 2 || runs[0].Letters != 2 || runs[1].Letters != 2 || runs[0].Number != 1 || runs[1].Number != 2 {
			t.Fatalf("runs = %+v", runs)
		}
		if got := strings.Join(names(t, dir), " "); got != "courriers-0001-identifiants.csv courriers-0001-identifiants.pdf courriers-0002-mots-de-passe.csv courriers-0002-mots-de-passe.pdf" {
			t.Errorf("files: %s", got)
		}
		for _, run := range runs {
			info, err := os.Stat(run.File)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v; want mode 0600", run.File, info.Mode(), err)
			}
		}
		identifiers, passwords := (*kept)[0], (*kept)[1]
		for i, u := range []storage.User{one, two} {
			if identifiers[i].Secret != account.FormatIdentifier(u.Identifier) || identifiers[i].Number != passwords[i].Number {
				t.Errorf("letter %d brings %s for %s, the other one is for %s", i, identifiers[i].Secret, identifiers[i].Number, passwords[i].Number)
			}
			if o.opens(t, u, passwords[i].Secret) != 1 {
				t.Errorf("the password of letter %d opens nothing", i)
			}
		}
		if identifiers[0].Recipient[0] != "MME ODILE TESSIER" || identifiers[1].Recipient[0] != "SCI DES OEILLETS" {
			t.Errorf("recipients %q and %q", identifiers[0].Recipient, identifiers[1].Recipient)
		}
		o.keepsSecret(t, passwords[0].Secret, passwords[1].Secret)
		for i, run := range runs {
			text := pdfText(t, run.File)
			for _, l := range (*kept)[i] {
				if !strings.Contains(text, "\n"+l.Secret+"\n") {
					t.Errorf("%s does not show the secret of %s:\n%s", filepath.Base(run.File), l.Number, text)
				}
			}
			if identifierShape.MatchString(text) != (i == 0) || passwordShape.MatchString(text) != (i == 1) {
				t.Errorf("%s mixes identifiers and passwords:\n%s", filepath.Base(run.File), text)
			}
		}
		if again := o.print(t, dir); len(again) != 0 || len(names(t, dir)) != 4 {
			t.Errorf("a second print made %v", again)
		}
		events, err := o.DB.AuditOf(t.Context(), "2", 10)
		if err != nil || len(events) != 1 || events[0].Action != "letters.printed" || events[0].Actor != "agent:odile" || events[0].Details["letters"] != "2" {
			t.Errorf("journal = %v, %v", events, err)
		}
	})
}

var (
	pdfFont   = []byte("/Subtype /Type0\n")
	pdfMap    = []byte("1 beginbfrange\n<0000> <FFFF> <0000>\nendbfrange") // a glyph's code is its character, UTF-16
	pdfStream = regexp.MustCompile(`<</Filter /FlateDecode /Length \d+>>\nstream\n`)
	pdfShown  = regexp.MustCompile(`(?s)\(((?:\\.|[^\\)])*)\) Tj`)
	pdfEscape = strings.NewReplacer(`\\`, `\`, `\(`, `(`, `\)`, `)`, `\r`, "\r")
)

// pdfText returns the texts on the pages of the file, a line each, read back
// as the maps of its fonts say.
func pdfText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if fonts, maps := bytes.Count(data, pdfFont), bytes.Count(data, pdfMap); fonts == 0 || fonts != maps {
		t.Fatalf("%s: %d fonts, %d of them can be read back", filepath.Base(file), fonts, maps)
	}
	var text strings.Builder
	for _, at := range pdfStream.FindAllIndex(data, -1) {
		packed, err := zlib.NewReader(bytes.NewReader(data[at[1]:]))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		for _, shown := range pdfShown.FindAllSubmatch(content, -1) {
			s := pdfEscape.Replace(string(shown[1]))
			units := make([]uint16, len(s)/2)
			for i := range units {
				units[i] = binary.BigEndian.Uint16([]byte(s[2*i:]))
			}
			text.WriteString(string(utf16.Decode(units)) + "\n")
		}
	}
	return text.String()
}

func TestPrintedPasswordEndsWithItsLastDay(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		u := o.landlord(t, 1, storage.ByLetter)
		o.print(t, t.TempDir())
		l := (*kept)[1][0]
		var said strings.Builder
		for _, p := range l.After {
			for _, s := range p {
				said.WriteString(s.Text)
			}
		}
		if !strings.Contains(strings.ReplaceAll(said.String(), "\u00a0", " "), "23 décembre 2026") {
			t.Errorf("the letter does not name the last day: %s", said.String())
		}
		midnight := time.Date(2026, time.December, 23, 23, 0, 0, 0, time.UTC) // in Paris
		for _, c := range []struct {
			after time.Duration
			opens int
		}{{-time.Second, 1}, {0, 0}, {time.Second, 0}} {
			o.wait(midnight.Add(c.after).Sub(o.clock()))
			if got := o.opens(t, u, l.Secret); got != c.opens {
				t.Errorf("%s after midnight the password opens %d times, want %d", c.after, got, c.opens)
			}
		}
	})
}

func TestAddressThatDoesNotFitHoldsUpNoOther(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		o.landlord(t, 1, storage.ByLetter)
		bad := o.landlord(t, 2, storage.ByLetter, func(a *storage.Account, _ *storage.User) {
			a.Address = "128 Quetschezwetschgenbaumschulenwegsiedlung\n69003 Lyon"
		})
		o.landlord(t, 3, storage.ByLetter)
		dir := t.TempDir()
		runs := o.print(t, dir)
		if len(runs) != 2 || runs[0].Letters != 2 || len(runs[0].Refused) != 1 || runs[1].Letters != 2 || len(runs[1].Refused) != 0 {
			t.Fatalf("runs = %+v", runs)
		}
		file, err := os.Open(runs[0].Report)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		in := csv.NewReader(file)
		in.Comma = ';'
		rows, err := in.ReadAll()
		if err != nil || len(rows) != 2 || rows[1][0] != "45675320380002" || rows[1][1] == "" {
			t.Errorf("report = %q, %v", rows, err)
		}
		if m := o.message(t, bad, storage.MessageIdentifier); m.State != storage.MessageQueued || m.Run != 0 || m.LastError == "" {
			t.Errorf("refused letter = %+v; want it queued", m)
		}
		runs = o.print(t, dir)
		if len(runs) != 1 || runs[0].Letters != 0 || runs[0].File != "" || len(runs[0].Refused) != 1 {
			t.Errorf("second print = %+v; want the refusal only", runs)
		}
		for _, name := range names(t, dir) {
			if strings.HasSuffix(name, ".pdf") && !strings.Contains(name, "-0001-") && !strings.Contains(name, "-0002-") {
				t.Errorf("a run without letters left %s", name)
			}
		}
	})
}

func TestTwoPrintsAtOncePrintEachLetterOnce(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		for n := range 20 {
			o.landlord(t, n, storage.ByLetter)
		}
		other := o.replica(t)
		other.WritePDF = o.WritePDF
		dirs := []string{t.TempDir(), t.TempDir()}
		var wg sync.WaitGroup
		for i, d := range []*Delivery{o.Delivery, other} {
			wg.Go(func() {
				if _, err := d.Print(t.Context(), dirs[i], "agent:odile"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		seen := map[string]int{}
		for _, letters := range *kept {
			for _, l := range letters {
				seen[l.Object+l.Number]++
			}
		}
		for l, times := range seen {
			if times != 1 {
				t.Errorf("%s was printed %d times", l, times)
			}
		}
		if len(seen) != 40 {
			t.Errorf("%d letters, want 40", len(seen))
		}
	})
}

func TestPrintedPasswordReplacesMailedOne(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		u := o.landlord(t, 1, storage.ByEmail)
		o.Separation = 0
		o.run(t, 2)
		mailed := found(t, passwordShape, o.smtp.last(t).text)
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			now := storage.At(o.clock())
			return q.Enqueue(ctx, storage.Message{Kind: storage.MessageProvisional, Channel: storage.ByLetter, AccountID: u.AccountID, UserID: u.ID, NotBefore: now, CreatedAt: now})
		})
		o.print(t, t.TempDir())
		if o.opens(t, u, mailed) != 0 || o.opens(t, u, (*kept)[0][0].Secret) != 1 {
			t.Error("the mailed password still opens, or the printed one does not")
		}
	})
}

func TestNoticeByLetter(t *testing.T) {
	forEach(t, func(t *testing.T, o *office) {
		kept := o.keep()
		u := o.landlord(t, 1, storage.ByLetter, func(a *storage.Account, u *storage.User) {
			a.Kind, a.CompanyName, u.Role = storage.Organisation, "SCI des Œillets", storage.RoleAdministrator
		})
		dir := t.TempDir()
		o.print(t, dir)
		o.write(t, func(ctx context.Context, q *storage.Queries) error {
			return q.Enqueue(ctx, storage.Message{Kind: storage.MessageAdministratorAppointed, Channel: storage.ByLetter, AccountID: u.AccountID, UserID: u.ID, CreatedAt: storage.At(o.clock())})
		})
		runs := o.print(t, dir)
		if len(runs) != 1 || filepath.Base(runs[0].File) != "courriers-0003-avis.pdf" || (*kept)[2][0].Secret != "" {
			t.Errorf("runs = %+v", runs)
		}
	})
}
