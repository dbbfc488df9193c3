package letter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name    string
		who     string
		address []string
		want    []string
	}{
		{"plain", "Madame Jeanne Martin", []string{"12 rue des Lilas", "69003 Lyon"},
			[]string{"MADAME JEANNE MARTIN", "12 RUE DES LILAS", "69003 LYON"}},
		{"accents and ligatures", "Zoë L’Œuvre", []string{"3, allée de l'Abbé-Grégoire", "94240 L’Haÿ-les-Roses"},
			[]string{"ZOE L'OEUVRE", "3 ALLEE DE L ABBE GREGOIRE", "94240 L HAY LES ROSES"}},
		{"decomposed accents", "Rene\u0301 C\u0327elik", []string{"1 rue A", "75001 PARIS"},
			[]string{"RENE CELIK", "1 RUE A", "75001 PARIS"}},
		{"other Latin letters", "Łukasz Đorđe Straße Yıldız Øre", []string{"75001 Paris"},
			[]string{"LUKASZ DORDE STRASSE YILDIZ ORE", "75001 PARIS"}},
		{"guillemets and signs", "SCI « Les Érables »", []string{"n° 5 rue A", "75001 PARIS"},
			[]string{"SCI LES ERABLES", "N 5 RUE A", "75001 PARIS"}},
		{"empty lines and spaces", "  Jean \t Petit ", []string{"", "  ", "4\u00a0rue  B", "", "33000   Bordeaux", ""},
			[]string{"JEAN PETIT", "4 RUE B", "33000 BORDEAUX"}},
		{"cedex", "SARL Dupont & Fils", []string{"BP 123", "57037 Metz Cedex 01"},
			[]string{"SARL DUPONT & FILS", "BP 123", "57037 METZ CEDEX 01"}},
		{"six lines keep punctuation above line 4", "M. O'Brien", []string{"Chez Mme Roy, appt. 3", "Rés. « Le Parc », bât. B", "12, rue A.-Briand", "Lieu-dit Le Bois", "20000 Ajaccio"},
			[]string{"M. O'BRIEN", "CHEZ MME ROY, APPT. 3", "RES. LE PARC, BAT. B", "12 RUE A BRIAND", "LIEU DIT LE BOIS", "20000 AJACCIO"}},
		{"name given twice", "Madame Jeanne Martin", []string{"MARTIN Jeanne", "69003 Lyon"},
			[]string{"MADAME JEANNE MARTIN", "69003 LYON"}},
		{"name in the address only", "", []string{"Jeanne Martin", "69003 Lyon"},
			[]string{"JEANNE MARTIN", "69003 LYON"}},
		{"38 characters stay", "ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ SAINT", []string{"128 BOULEVARD DE LA GRANDE SAINTE ANNE", "80000 SAINT JEAN SUR LA GRANDE RIVIERE"},
			[]string{"ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ SAINT", "128 BOULEVARD DE LA GRANDE SAINTE ANNE", "80000 SAINT JEAN SUR LA GRANDE RIVIERE"}},
		{"39 characters are abbreviated, once only", "Monsieur Jean-Baptiste de Montalembert-Roy", []string{"128 boulevard de la Grande Sainte Annes", "62500 Saint-Martin-lez-Quatre-Tatinghem"},
			[]string{"M JEAN-BAPTISTE DE MONTALEMBERT-ROY", "128 BD DE LA GRANDE SAINTE ANNES", "62500 ST MARTIN LEZ QUATRE TATINGHEM"}},
		{"France is left out", "A B", []string{"1 rue C", "75001 Paris", "France"}, []string{"A B", "1 RUE C", "75001 PARIS"}},
		{"Belgium", "Jan De Smet", []string{"Kerkstraat 12 b", "9000 Gent", "Belgique"}, []string{"JAN DE SMET", "KERKSTRAAT 12 B", "9000 GENT", "BELGIQUE"}},
		{"seven lines abroad", "Jan De Smet", []string{"App. 3", "Résidence Rhône", "12, rue A.-Briand", "Les Prés", "1204 Genève", "SUISSE"},
			[]string{"JAN DE SMET", "APP. 3", "RESIDENCE RHONE", "12 RUE A BRIAND", "LES PRES", "1204 GENEVE", "SUISSE"}},
		{"Ivory Coast", "A B", []string{"01 BP 1", "Abidjan 01", "Côte d’Ivoire"}, []string{"A B", "01 BP 1", "ABIDJAN 01", "COTE D IVOIRE"}},
		{"company", "Société civile immobilière des Œillets-Réunis", []string{"75001 Paris"},
			[]string{"SCI DES OEILLETS-REUNIS", "75001 PARIS"}},
		{"a surname is not a road", "Marie-Antoinette Boulevard-Place-de-Lattre", []string{"75001 Paris"}, nil},
	} {
		got, err := Lines(c.who, c.address...)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: got %q, want an error", c.name, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestAddressThatCannotBePrintedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		who     string
		address []string
		says    string // what the error must name
	}{
		{"nothing", "", nil, "un nom et une ville"},
		{"no town", "Jeanne Martin", nil, "un nom et une ville"},
		{"line too long", "A B", []string{"128 rue du Lieutenant-Colonel-de-la-Villemarqué-Kerguelen", "75001 PARIS"}, "VILLEMARQUE"},
		{"seven lines", "A B", []string{"1", "2", "3", "4", "5", "75001 PARIS"}, "7 lignes"},
		{"eight lines abroad", "A B", []string{"1", "2", "3", "4", "5", "1204 Genève", "Suisse"}, "8 lignes"},
		{"invented country", "A B", []string{"1 rue C", "1204 Freedonia City", "Freedonia"}, "FREEDONIA"},
		{"country alone", "Suisse", nil, "un nom et une ville"},
		{"no postcode", "A B", []string{"1 rue C", "Paris"}, "ligne 3 «\u00a0PARIS\u00a0»"},
		{"short postcode", "A B", []string{"1 rue C", "7500 Paris"}, "7500 PARIS"},
		{"postcode alone", "A B", []string{"1 rue C", "75001"}, "75001"},
		{"another script", "Иван", []string{"75001 Paris"}, "Иван"},
		{"line break", "A B", []string{"1 rue C\n75001 Paris"}, "U+000A"},
		{"broken UTF-8", "A B", []string{"1 rue \xff", "75001 Paris"}, "rue"},
	} {
		got, err := Lines(c.who, c.address...)
		if err == nil {
			t.Errorf("%s: got %q, want an error", c.name, got)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %q does not name %q", c.name, err, c.says)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("Jeanne Martin", "12 rue des Lilas", "69003 Lyon")
	f.Fuzz(func(t *testing.T, name, road, place string) {
		lines, err := Lines(name, road, place)
		if err != nil {
			return
		}
		for _, line := range lines {
			if line == "" || len(line) > maxWidth || fonts().address.prints(line) != nil {
				t.Errorf("Lines(%q, %q, %q) gave the line %q", name, road, place, line)
			}
		}
	})
}
