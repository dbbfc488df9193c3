package text_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"loge/provider/text"
)

func load(t *testing.T, files map[string]string) (*text.Catalog, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys["locales/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return text.Load(fsys)
}

func mustLoad(t *testing.T, content string) *text.Catalog {
	t.Helper()
	c, err := load(t, map[string]string{"fr.json": content})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGetFillsVariables(t *testing.T) {
	c := mustLoad(t, `{"wait":"Attendez {duree}, puis recommencez.","hello":"Bonjour **{nom}**.","plain":"Rien."}`)
	tests := []struct {
		key  string
		vars []string
		want string
	}{
		{"wait", []string{"duree", "2 minutes"}, "Attendez 2 minutes, puis recommencez."},
		{"hello", []string{"nom", "Ada"}, "Bonjour Ada."},
		{"hello", []string{"nom", "{nom} ** <b>"}, "Bonjour {nom} ** <b>."},
		{"plain", nil, "Rien."},
		{"plain", []string{"unused", "x"}, "Rien."},
		{"wait", nil, "⟦wait⟧"},
		{"wait", []string{"duree"}, "⟦wait⟧"},
		{"absent", nil, "⟦absent⟧"},
	}
	for _, tt := range tests {
		if got := c.Get(tt.key, tt.vars...); got != tt.want {
			t.Errorf("Get(%q, %q) = %q, want %q", tt.key, tt.vars, got, tt.want)
		}
	}
}

func TestSpansKeepMarksOfTheTextApartFromValues(t *testing.T) {
	c := mustLoad(t, `{"help":"Besoin d’aide ? **Problème** ou **contacter {organisme}**."}`)
	got := c.Spans("help", "organisme", "l’**Agence**")
	want := []text.Span{{"Besoin d’aide ? ", false}, {"Problème", true}, {" ou ", false}, {"contacter l’**Agence**", true}, {".", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func TestBoundValuesGetACapitalAtTheStartOfASentence(t *testing.T) {
	c := mustLoad(t, `{
		"start":"{organisme} vous prévient.",
		"middle":"Contactez {organisme}.",
		"second":"C’est fini. {organisme} vous prévient.",
		"strong":"C’est fini. **{organisme}** vous prévient.",
		"notstart":"Avec **{organisme}**.",
		"mail":"{support_mail}",
		"own":"{application} attend."}`).With(map[string]string{"organisme": "l’Agence", "support_mail": "aide@exemple.fr"})
	for key, want := range map[string]string{
		"start":    "L’Agence vous prévient.",
		"middle":   "Contactez l’Agence.",
		"second":   "C’est fini. L’Agence vous prévient.",
		"strong":   "C’est fini. L’Agence vous prévient.",
		"notstart": "Avec l’Agence.",
		"mail":     "aide@exemple.fr",
		"own":      "eLoyer attend.",
	} {
		if got := c.Get(key, "application", "eLoyer"); got != want {
			t.Errorf("Get(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestWithLeavesTheFirstCatalogAlone(t *testing.T) {
	c := mustLoad(t, `{"a":"{x} et {y}"}`)
	one := c.With(map[string]string{"x": "un", "y": "?"})
	two := one.With(map[string]string{"y": "deux"})
	if got := two.Get("a"); got != "Un et deux" {
		t.Errorf("two: got %q", got)
	}
	if got := one.Get("a"); got != "Un et ?" {
		t.Errorf("one: got %q", got)
	}
	if got := c.Get("a"); got != "⟦a⟧" {
		t.Errorf("unbound: got %q", got)
	}
}

func TestLoadMergesFilesAndRefusesFaults(t *testing.T) {
	c, err := load(t, map[string]string{"fr.json": `{"a":"1"}`, "fr.mail.json": `{"b":"2"}`, "en.json": `{"c":"3"}`})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, c.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if !c.Has("b") || c.Has("c") || c.Raw("a") != "1" {
		t.Error("Has or Raw disagrees with Keys")
	}
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"twice in one file":  {map[string]string{"fr.json": `{"a":"1","a":"2"}`}, `"a" stands twice`},
		"twice in two files": {map[string]string{"fr.json": `{"a":"1"}`, "fr.mail.json": `{"a":"1"}`}, `"a" stands twice`},
		"nested":             {map[string]string{"fr.json": `{"a":{"b":"1"}}`}, "want a string"},
		"number":             {map[string]string{"fr.json": `{"a":1}`}, "want a string"},
		"array":              {map[string]string{"fr.json": `["a"]`}, "want an object"},
		"more":               {map[string]string{"fr.json": `{"a":"1"} {}`}, "follows"},
		"cut":                {map[string]string{"fr.json": `{"a":"1"`}, "fr.json"},
		"empty":              {map[string]string{"fr.json": ``}, "fr.json"},
		"none":               {nil, "no file"},
	}
	for name, tt := range tests {
		if _, err := load(t, tt.files); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, tt.want)
		}
	}
}
