package terms

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/storage"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func document(id, kind, version string, published time.Time) storage.Document {
	return storage.Document{ID: id, Kind: kind, Version: version, SHA256: Sum(id), PublishedAt: storage.At(published)}
}

func TestPending(t *testing.T) {
	hour := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	rules1 := document("r1", storage.Rules, "1", hour(-48))
	rules2 := document("r2", storage.Rules, "2", hour(-24))
	rules3 := document("r3", storage.Rules, "3", hour(1))
	terms1 := document("t1", storage.Terms, "1", hour(-48))
	twin := document("t2", storage.Terms, "1b", hour(-48))
	accept := func(d storage.Document) storage.Acceptance {
		return storage.Acceptance{DocumentID: d.ID, Kind: d.Kind, Version: d.Version, SHA256: d.SHA256}
	}
	forged := accept(terms1)
	forged.SHA256 = Sum("another text")

	for _, test := range []struct {
		name     string
		docs     []storage.Document
		accepted []storage.Acceptance
		want     []Item
	}{
		{"nothing published", nil, nil, nil},
		{"first sign-in: rules, then terms", []storage.Document{terms1, rules1}, nil, []Item{{rules1, false}, {terms1, false}}},
		{"rules accepted", []storage.Document{rules1, terms1}, []storage.Acceptance{accept(rules1)}, []Item{{terms1, false}}},
		{"both accepted", []storage.Document{rules1, terms1}, []storage.Acceptance{accept(terms1), accept(rules1)}, nil},
		{"new version of one", []storage.Document{rules1, rules2, terms1}, []storage.Acceptance{accept(rules1), accept(terms1)}, []Item{{rules2, true}}},
		{"new version, old one never accepted", []storage.Document{rules2, rules1}, nil, []Item{{rules2, false}}},
		{"new version accepted", []storage.Document{rules2, rules1}, []storage.Acceptance{accept(rules1), accept(rules2)}, nil},
		{"not published yet", []storage.Document{rules3, rules1}, []storage.Acceptance{accept(rules1)}, nil},
		{"two in one second", []storage.Document{twin, terms1}, []storage.Acceptance{accept(terms1)}, []Item{{twin, true}}},
		{"only terms exist", []storage.Document{terms1}, nil, []Item{{terms1, false}}},
		{"acceptance of another text", []storage.Document{terms1}, []storage.Acceptance{forged}, []Item{{terms1, true}}},
		{"unknown kind", []storage.Document{document("n1", "notice", "1", hour(-1))}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Pending(test.docs, test.accepted, now)); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestProof(t *testing.T) {
	d, err := New(storage.Rules, "2026-1", "Le point 4 est plus clair.", "# Règles\r\n\r\n1. Une règle.\n", now)
	if err != nil {
		t.Fatal(err)
	}
	// printf '# Règles\r\n\r\n1. Une règle.\n' | sha256sum
	const sum = "ff70984ffd354b1657bc37dd94e8b0940b97ac2403176e4d273af9b9f3c44d65"
	if d.SHA256 != sum {
		t.Errorf("SHA-256 %s, want %s: of the exact bytes, line ends included", d.SHA256, sum)
	}
	proof, err := Proof(d, storage.User{ID: "u", AccountID: "a"}, now)
	want := storage.Acceptance{
		ID: proof.ID, UserID: "u", AccountID: "a", DocumentID: d.ID, Kind: "rules", Version: "2026-1", SHA256: sum, AcceptedAt: storage.At(now),
	}
	if diff := cmp.Diff(want, proof); err != nil || diff != "" || proof.ID == "" {
		t.Errorf("proof (%v): want -, got +\n%s", err, diff)
	}
	d.Text += " "
	if _, err := Proof(d, storage.User{ID: "u"}, now); err == nil {
		t.Error("a text changed in the database was accepted")
	}
}

func TestNew(t *testing.T) {
	d, err := New(storage.Terms, "1.0", " Ce qui change. ", "texte", now)
	if err != nil || d.Summary != "Ce qui change" || d.PublishedAt != storage.At(now) || d.Text != "texte" {
		t.Errorf("New = %+v, %v", d, err)
	}
	for name, args := range map[string][4]string{
		"kind":             {"notice", "1", "", "t"},
		"no version":       {"rules", "", "", "t"},
		"version in a URL": {"rules", "../1", "", "t"},
		"version space":    {"rules", "1 2", "", "t"},
		"long version":     {"rules", strings.Repeat("1", 33), "", "t"},
		"summary of lines": {"rules", "1", "a\nb", "t"},
		"long summary":     {"rules", "1", strings.Repeat("é", 501), "t"},
		"empty":            {"rules", "1", "", " \n"},
		"not UTF-8":        {"rules", "1", "", "r\xe8gles"},
		"NUL":              {"rules", "1", "", "a\x00b"},
		"too long":         {"rules", "1", "", strings.Repeat("a", 512<<10+1)},
	} {
		if _, err := New(args[0], args[1], args[2], args[3], now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	_, err = New("notice", "", "a\nb", "", now)
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four faults: %v, want a line for each", err)
	}
}

func TestRender(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"heading", "# Règles", "<h2>Règles</h2>\n"},
		{"deep headings", "##### a\n\n###### b", "<h6>a</h6>\n<h6>b</h6>\n"},
		{"underlined heading", "Titre\n=====", "<h2>Titre</h2>\n"},
		{"list", "1. un\n2. **deux**", "<ol>\n<li>un</li>\n<li><strong>deux</strong></li>\n</ol>\n"},
		{"link", "[aide](https://exemple.fr/a?b=c&d)", "<p><a href=\"https://exemple.fr/a?b=c&amp;d\">aide</a></p>\n"},
		{"script link", "[x](javascript:alert(1))", "<p><a href=\"\">x</a></p>\n"},
		{"data link", "[x](data:text/html;base64,AAAA)", "<p><a href=\"\">x</a></p>\n"},
		{"hidden script link", "[x](java&#115;cript:alert(1))", "<p><a href=\"\">x</a></p>\n"},
		{"raw block", "<script>alert(1)</script>", "<!-- raw HTML omitted -->\n"},
		{"raw inline", "a <b onclick=x>b</b>", "<p>a <!-- raw HTML omitted -->b<!-- raw HTML omitted --></p>\n"},
		{"image", "voir ![le *logo*](https://ailleurs.fr/l.png \"t\") ici", "<p>voir le <em>logo</em> ici</p>\n"},
		{"image in link", "[![a](x.png)](https://exemple.fr)", "<p><a href=\"https://exemple.fr\">a</a></p>\n"},
		{"entities", "a < b & \"c\"", "<p>a &lt; b &amp; &quot;c&quot;</p>\n"},
		{"table without style", "| a |\n|--:|\n| b |", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>\n"},
		{"spaces survive", "Attention\u00a0: vous\u202f!", "<p>Attention\u00a0: vous\u202f!</p>\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Render(test.source)
			if err != nil || string(got) != test.want {
				t.Errorf("Render(%q) = %q, %v; want %q", test.source, got, err, test.want)
			}
		})
	}
}

// Whatever a document holds, no page gets a second h1, an image, a script, a
// style or a handler.
func FuzzRender(f *testing.F) {
	f.Add("# a\n\n[x](javascript:x) ![i](j) <script>")
	f.Add("| a |\n|:-:|\n| ![b](c) |")
	f.Add("[a]: javascript:x\n\n[a] ![a]")
	f.Fuzz(func(t *testing.T, source string) {
		html, err := Render(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<h1", "<img", "<script", "<style", "<iframe", "<a on", "<a style"} {
			// Text is escaped, so a bare < always begins an element of ours.
			if strings.Contains(string(html), bad) {
				t.Fatalf("Render(%q) holds %s: %s", source, bad, html)
			}
		}
		if strings.Contains(strings.ToLower(string(html)), "href=\"javascript:") {
			t.Fatalf("Render(%q) links to a script: %s", source, html)
		}
	})
}
