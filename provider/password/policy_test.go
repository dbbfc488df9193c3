package password

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

var paule = About{
	Names:       []string{"Paule", "Gaillard-Étienne", "SCI Les Tilleuls"},
	Email:       "paule.gaillard75@exemple.fr",
	Identifier:  "LOGX7RT9QPM",
	Number:      "45675320380001",
	Services:    []string{"Espace bailleur", "Mon Compte Partenaire", "Caisse de Vaudreuil"},
	Provisional: func(code string) bool { return code == "CDFGHJKMNPQR" },
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name, password string
		want           []string
	}{
		{"a phrase", "trois girafes bleues dansent", nil},
		{"twelve letters at random", "vhqkzpwxtrnm", nil},
		{"spaces around are characters", "  vhqkzpwx  ", nil},
		{"empty", "", []string{Missing}},
		{"eleven", "vhqkzpwxtrn", []string{TooShort}},
		{"eleven and an accent of two code points", "vhqkzpwxtre\u0301", []string{TooShort}},
		{"twelve accented", "éèàùçâêîôûëï", nil},
		{"256", strings.Repeat("mot à part ", 23) + "fin", nil},
		{"257", strings.Repeat("mot à part ", 23) + "fine", []string{TooLong}},
		{"fifteen digits", "718293405162738", []string{DigitsOnly}},
		{"sixteen digits", "7182934051627384", nil},
		{"digits and spaces", "718 293 405 162", []string{DigitsOnly}},
		{"digits in order", "123456789012", []string{DigitsOnly, Common}},
		{"date twice", "170619851706", []string{DigitsOnly}},
		{"listed", "1qaz2wsx3edc", []string{Common}},
		{"listed, in capitals", "1QAZ2WSX3EDC", []string{Common}},
		{"listed, with substitutions", "4dm1n1str4t0r", []string{Common}},
		{"French, filled up", "motdepasse123", []string{Common}},
		{"French, accents and signs", "Février2026!!", []string{Common}},
		{"French, substitutions", "M0tDeP@sse!!", []string{Common}},
		{"one French word", "anniversaire", []string{Common}},
		{"a given name and a date", "Christophe 12/04/75", []string{Common}},
		{"two names", "dupont-CHRISTELLE", nil},
		{"keyboard", "azertyuiopqs", []string{Common}},
		{"keyboard backwards", "poiuytrezaml", []string{Common}},
		{"one sign", "xxxxxxxxxxxxxxxx", []string{Common}},
		{"block", "kpv2kpv2kpv2", []string{Common}},
		{"word three times", "soleil soleil soleil", []string{Common}},
		{"word inside a phrase is fine", "le soleil mange une brouette", nil},
		{"given name", "vive Paule vraiment", []string{Personal}},
		{"family name without accent", "xx gaillard xx 11", []string{Personal}},
		{"half of a double name", "un ETIENNE tout rouge", []string{Personal}},
		{"name with substitutions", "g4ill4rd-vhqkz", []string{Personal}},
		{"company", "tilleuls en fleurs", []string{Personal}},
		{"company in one word", "scilestilleuls", []string{Personal}},
		{"local part", "paule.gaillard75", []string{Personal}},
		{"identifier", "LOG X7RT9QPM ok", []string{Personal}},
		{"identifier without LOG", "vive x7rt9qpm ici", []string{Personal}},
		{"number", "45675320380001zz", []string{Personal}},
		{"service", "mon-compte-partenaire", []string{Personal}},
		{"service word", "bailleurs en colère", []string{Personal}},
		{"agency", "CaisseDeVaudreuil!", []string{Personal}},
		{"caf alone", "la caf de chez moi", []string{Personal}},
		{"caf and digits", "caf2026 kzpwxvq", []string{Personal}},
		{"café", "un café crème allongé", nil},
		{"short names stand in other words", "scier du bois mouillé", nil},
		{"provisional", "CDFG-HJKM-NPQR", []string{SameProvisional}},
		{"provisional in lower case", "cdfghjkmnpqr", []string{SameProvisional}},
		{"another provisional", "RQPN-MKJH-GFDC", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, fault := range Check(test.password, paule) {
				got = append(got, fault.Key)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Check(%q): want -, got +\n%s", test.password, diff)
			}
		})
	}
}

func TestCheckTellsLengths(t *testing.T) {
	want := []Fault{{Key: TooShort, Vars: []string{"minimum", "16", "n", "12"}}}
	if diff := cmp.Diff(want, Check("vhqkzpwxtrnm", About{Minimum: 16})); diff != "" {
		t.Errorf("administrator's minimum: want -, got +\n%s", diff)
	}
	want[0].Vars = []string{"minimum", "12", "n", "3"}
	if diff := cmp.Diff(want, Check("été", About{Minimum: 5})); diff != "" {
		t.Errorf("a minimum below 12 counts as 12: want -, got +\n%s", diff)
	}
}

func TestCheckWithoutFacts(t *testing.T) {
	if faults := Check("trois girafes bleues", About{}); faults != nil {
		t.Errorf("Check without facts = %v, want nothing", faults)
	}
}

// The form of a text never decides: composed and decomposed give one answer.
func FuzzCheck(f *testing.F) {
	f.Add("trois girafes bleues")
	f.Add("e\u0301te\u0301 2026 !!!!")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, password string) {
		if diff := cmp.Diff(Check(password, paule), Check(norm.NFD.String(password), paule)); diff != "" {
			t.Errorf("Check(%q) depends on the form:\n%s", password, diff)
		}
	})
}

func TestStrict(t *testing.T) {
	for password, good := range map[string]bool{
		"vhqkzpwxtrnm":                 false, // 56
		"vhqkzpwxtrnmabcq":             false, // 75
		"vhqkzpwxtrnmabcqs":            true,  // 80
		"7182934051627384":             false, // 53
		"vHq7zPwx9RnM":                 false, // 71
		"vHq7zP!x9RnM":                 true,  // 80
		"vHq7zPwx9RnMb2":               true,  // 83
		"trois girafes bleues dansent": true,
	} {
		faults := Check(password, About{Strict: true})
		if (faults == nil) != good || !good && faults[len(faults)-1].Key != Guessable {
			t.Errorf("Check(%q) = %v, want good %v", password, faults, good)
		}
	}
}
