package letter

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/provider/config"
	"loge/provider/text"
	"loge/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

var printDay = time.Date(2027, time.March, 12, 10, 0, 0, 0, time.UTC)

func composer(t testing.TB) Composer {
	t.Helper()
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	return Composer{
		Texts: texts,
		Service: config.Service{
			Name: "Espace bailleur", AccountName: "Mon Compte Partenaire", Operator: "l’Agence du logement de Valmont",
			Support: config.Support{Mail: "aide@agence.example", Phone: "01\u00a099\u00a000\u00a012\u00a034", Hours: "du lundi au vendredi de 9\u00a0h à 17\u00a0h"},
		},
		Letters: config.Letters{Place: "Valmont", Sender: []string{
			"Agence du logement de Valmont", "Service des bailleurs", "12 place de la République", "BP 40010", "69999 VALMONT CEDEX"}},
		Issuer: "https://connexion.agence.example",
	}
}

func to(t testing.TB, name string, address ...string) To {
	t.Helper()
	lines, err := Lines(name, address...)
	if err != nil {
		t.Fatal(err)
	}
	return To{Recipient: lines, Number: "45675320380001", Date: printDay, Letter: "0012-00034"}
}

// samples are one letter of each kind, with the longest addresses there are.
func samples(t testing.TB) map[string]Letter {
	t.Helper()
	c := composer(t)
	person := to(t, "Madame Joséphine L’Œuvre-Quéméneur", "4 bis, rue de l’Église", "29000 Quimper")
	full := to(t, "Société civile immobilière des Œillets-Réunis", "Service « gérance », pôle façades",
		"Résidence Les Quais d’Hiver, entrée Q", "128 boulevard du Maréchal-de-Lattre-de-Tassigny", "BP 90127", "62500 Saint-Martin-lez-Quatre-Tatinghem")
	letters := map[string]Letter{}
	add := func(name string, l Letter, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		letters[name] = l
	}
	l, err := c.Identifier(person, "LOG 4F0O8B1L", false)
	add("identifier", l, err)
	l, err = c.Identifier(full, "LOG 4F0O8B1L", true)
	add("identifier_organisation", l, err)
	l, err = c.Provisional(person, "K7PQ-3WXY-49CD", time.Date(2027, time.April, 11, 22, 0, 0, 0, time.UTC))
	add("provisional", l, err)
	again, unasked := person, full
	again.Again, again.Asked, unasked.Again = true, printDay.AddDate(0, 0, -3), true
	l, err = c.Identifier(again, "LOG 4F0O8B1L", false)
	add("identifier_asked", l, err)
	l, err = c.Provisional(again, "K7PQ-3WXY-49CD", time.Date(2027, time.April, 11, 22, 0, 0, 0, time.UTC))
	add("provisional_asked", l, err)
	l, err = c.Identifier(unasked, "LOG 4F0O8B1L", true)
	add("identifier_organisation_again", l, err)
	l, err = c.Provisional(unasked, "K7PQ-3WXY-49CD", time.Date(2027, time.April, 11, 22, 0, 0, 0, time.UTC))
	add("provisional_again", l, err)
	l, err = c.AdministratorAppointed(full, "Société coopérative d’intérêt collectif des Œillets-Réunis de Valmont-sur-Ÿerres", "Zoë Lefèvre-Ÿvard", printDay)
	add("administrator_appointed", l, err)
	return letters
}

// readable is the letter as somebody would read it aloud.
func readable(l Letter) string {
	var b strings.Builder
	section := func(lines ...string) {
		for _, line := range lines {
			fmt.Fprintln(&b, line)
		}
		fmt.Fprintln(&b)
	}
	paragraphs := func(all []Paragraph) {
		for _, p := range all {
			for _, s := range p {
				if s.Strong {
					fmt.Fprintf(&b, "**%s**", s.Text)
				} else {
					fmt.Fprint(&b, s.Text)
				}
			}
			fmt.Fprint(&b, "\n\n")
		}
	}
	section(l.Sender...)
	section(l.Recipient...)
	section(l.PlaceDate, l.Object, l.Number)
	paragraphs(l.Before)
	if l.Secret != "" {
		section("[ " + l.Secret + " ]")
	}
	paragraphs(l.After)
	section(l.Footer...)
	section(l.Reference)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func TestTextOfEachLetter(t *testing.T) {
	for name, l := range samples(t) {
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(readable(l)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), readable(l)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSameLettersGiveSameBytes(t *testing.T) {
	s := samples(t)
	batch := []Letter{s["identifier"], s["identifier_organisation"], s["provisional"]}
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := WritePDF(b, batch); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs over the same letters gave different files")
	}
}

func TestMetadata(t *testing.T) {
	var b bytes.Buffer
	if err := writePDF(&b, []Letter{samples(t)["identifier"]}, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/Lang (fr-FR)", "/CreationDate (D:20270312100000)", "/Title (", "/MediaBox [0 0 595.28 841.89]"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the PDF", want)
		}
	}
	// Programs that read text, screen readers among them, need the map back from
	// each font's glyphs to letters.
	if fonts, maps := strings.Count(b.String(), "/Subtype /Type0"), strings.Count(b.String(), "/ToUnicode "); fonts != 4 || maps != fonts {
		t.Errorf("%d fonts, %d of them can be read back", fonts, maps)
	}
	if strings.Contains(b.String(), "/Font\n/Subtype /Type1") {
		t.Error("a font is not embedded")
	}
}

func TestLetterThatCannotBePrintedIsRefused(t *testing.T) {
	good := samples(t)["identifier_organisation"]
	long := Paragraph{{Text: strings.Repeat("Une phrase qui prend de la place. ", 60)}}
	for name, spoil := range map[string]func(*Letter){
		"character without a glyph": func(l *Letter) { l.Before = append(l.Before, Paragraph{{Text: "Ж"}}) },
		"accent in the address":     func(l *Letter) { l.Recipient = []string{"MME É", "69001 LYON"} },
		"address line of 39":        func(l *Letter) { l.Recipient = []string{strings.Repeat("A", 39), "69001 LYON"} },
		"eight address lines":       func(l *Letter) { l.Recipient = strings.Fields("A B C D E F G H") },
		"no address":                func(l *Letter) { l.Recipient = nil },
		"text above the box":        func(l *Letter) { l.Before = append(l.Before, long) },
		"text below the box":        func(l *Letter) { l.After = append(l.After, long, long) },
		"word wider than a line":    func(l *Letter) { l.After = []Paragraph{{{Text: strings.Repeat("x", 120)}}} },
		"object of three lines":     func(l *Letter) { l.Object = strings.Repeat("xxxx ", 60) },
		"number wider than a line":  func(l *Letter) { l.Number = strings.Repeat("x ", 120) },
		"secret wider than its box": func(l *Letter) { l.Secret = strings.Repeat("X", 80) },
		"secret without a glyph":    func(l *Letter) { l.Secret = "ÉTÉ" },
		"seven sender lines":        func(l *Letter) { l.Sender = strings.Fields("A B C D E F G") },
		"three footer lines":        func(l *Letter) { l.Footer = strings.Fields("A B C") },
	} {
		l := good
		spoil(&l)
		err := l.Check()
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if l.Secret != "" && strings.Contains(err.Error(), l.Secret) {
			t.Errorf("%s: the error tells the secret", name)
		}
		var b bytes.Buffer
		if err := WritePDF(&b, []Letter{good, l}); err == nil || !strings.Contains(err.Error(), "letter 2 of 2") || b.Len() > 0 {
			t.Errorf("%s: WritePDF gave %d bytes and error %v, want nothing and an error for letter 2", name, b.Len(), err)
		}
	}
	if err := WritePDF(&bytes.Buffer{}, nil); err == nil {
		t.Error("an empty batch gave no error")
	}
}

func TestMissingTextIsRefused(t *testing.T) {
	c := composer(t)
	empty, err := text.Load(os.DirFS("testdata/empty"))
	if err != nil {
		t.Fatal(err)
	}
	c.Texts = empty
	if _, err := c.Identifier(to(t, "A B", "69001 Lyon"), "LOG AAAAAAAA", false); err == nil {
		t.Error("a letter without texts gave no error")
	}
}
