package providertest

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"

	"loge/provider/letter"
)

// Print prints the letters that wait and returns them as they stand on paper,
// in the order of the runs. The files are checked to be PDFs for their owner
// only.
func (p *Provider) Print() []letter.Letter {
	p.t.Helper()
	var printed []letter.Letter
	p.Delivery.WritePDF = func(w io.Writer, letters []letter.Letter) error {
		printed = append(printed, letters...)
		return letter.WritePDF(w, letters)
	}
	runs, err := p.Delivery.Print(context.Background(), p.t.TempDir(), "agent:test")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, run := range runs {
		if len(run.Refused) > 0 {
			p.t.Errorf("run %d refuses letters: %v", run.Number, run.Refused)
			continue
		}
		content, err := os.ReadFile(run.File)
		if err != nil {
			p.t.Fatal(err)
		}
		info, err := os.Stat(run.File)
		if err != nil {
			p.t.Fatal(err)
		}
		if !bytes.HasPrefix(content, []byte("%PDF-")) || info.Mode().Perm() != 0o600 {
			p.t.Errorf("%s is no PDF for its owner only: %v", run.File, info.Mode())
		}
	}
	return printed
}

// PrintedCredentials prints what waits and returns identifier and provisional
// password from the letters to one numéro utilisateur.
func (p *Provider) PrintedCredentials(number string) (identifier, provisional string) {
	p.t.Helper()
	for _, l := range p.Print() {
		if !strings.Contains(l.Number, number) {
			continue
		}
		secret := strings.ReplaceAll(l.Secret, "\u00a0", " ")
		switch {
		case identifierText.MatchString(secret):
			identifier = secret
		case provisionalText.MatchString(secret):
			provisional = secret
		}
	}
	if identifier == "" || provisional == "" {
		p.t.Fatalf("no letters for %s: identifier %q, provisional password found %v", number, identifier, provisional != "")
	}
	return identifier, provisional
}
