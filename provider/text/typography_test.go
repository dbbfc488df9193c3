package text_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"loge/provider/text"
	"loge/templates"
)

// faults are what French typography forbids in a text.
var faults = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"ordinary space before : ; ! ? or »", regexp.MustCompile(` [:;!?»]`)},
	{"ordinary space after «", regexp.MustCompile(`« `)},
	{"no narrow space before ; ! ?", regexp.MustCompile(`[\p{L}\d)\x{00a0}][;!?]`)},
	{"no space before a colon", regexp.MustCompile(`\p{L}:(?:\s|$)`)},
	{"straight apostrophe or quote", regexp.MustCompile(`['"]`)},
	{"space before . , or …", regexp.MustCompile(`\s[.,…]`)},
	{"two spaces", regexp.MustCompile(`[\s\x{00a0}\x{202f}]{2}`)},
	{"space at an end", regexp.MustCompile(`^\s|\s$`)},
	{"ordinary space between number and unit", regexp.MustCompile(`(?:\d|\{minimum\}) (?:caractères|minutes?|heures?|jours|mois|ans|chiffres)`)},
	{"n° with another space", regexp.MustCompile(`n°(?:\d| )`)},
	{"a word we do not use", regexp.MustCompile(`(?i)veuillez|invalide|(?:^|[^-\w])mail\b|courriel`)},
}

func TestFrenchTypography(t *testing.T) {
	c, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range c.Keys() {
		raw := c.Raw(key)
		if strings.TrimSpace(raw) == "" {
			t.Errorf("%s is empty", key)
		}
		for _, f := range faults {
			if at := f.pattern.FindString(raw); at != "" {
				t.Errorf("%s: %s: %q in %q", key, f.name, at, raw)
			}
		}
		if strings.Count(raw, "**")%2 != 0 {
			t.Errorf("%s: ** opened and not closed: %q", key, raw)
		}
	}
}

// variables are the only names a text of the pages may use.
var variables = strings.Fields(`
	nom_service nom_compte organisme support_mail support_tel support_horaires adresse_site
	adresse appareil application code date departement dpo duree editeur email finalite heure identifiant minimum n nom raison
	numero raison_sociale ref resume role version texte total mois qui personne droits`)

func TestEveryVariableOfThePagesIsKnown(t *testing.T) {
	data, err := fs.ReadFile(templates.Files(), "locales/fr.json")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, v := range variables {
		known[v] = false
	}
	for _, m := range regexp.MustCompile(`\{([^{}\n]*)\}`).FindAllStringSubmatch(string(data), -1) {
		if _, ok := known[m[1]]; !ok {
			t.Errorf("unknown variable {%s}", m[1])
		}
		known[m[1]] = true
	}
	for v, used := range known {
		if !used {
			t.Errorf("variable {%s} is in the list and in no text", v)
		}
	}
}
