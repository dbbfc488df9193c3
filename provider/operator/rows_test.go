package operator_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"loge/provider/operator"
	"loge/storage/storagetest"
)

// row returns a good row for a letter with some cells replaced.
func row(cells map[string]string) string {
	values := map[string]string{"numero_utilisateur": "45675320380009", "type": "physique", "departement": "69", "nom": "Vasseur",
		"adresse_1": "1 RUE DES LILAS", "adresse_2": "69003 LYON"}
	for name, value := range cells {
		values[name] = value
	}
	var out []string
	for _, name := range strings.Split(strings.TrimSpace(headerRow), ";") {
		out = append(out, values[name])
	}
	return strings.Join(out, ";") + "\n"
}

// Each bad row stands between two good ones, which must go in.
func TestBadRowsAreRefusedAlone(t *testing.T) {
	for _, test := range []struct {
		name, bad, reason string
	}{
		{"no number", row(map[string]string{"numero_utilisateur": ""}), "numéro utilisateur manquant"},
		{"short number", row(map[string]string{"numero_utilisateur": "4567532038000"}), "de 13 caractères au lieu de 14"},
		{"number rounded by a spreadsheet", row(map[string]string{"numero_utilisateur": "4,56753E+13"}), "arrondi par le tableur"},
		{"number with a sign", row(map[string]string{"numero_utilisateur": "4567532038-001"}), "ni une lettre ni un chiffre"},
		{"type", row(map[string]string{"type": "société"}), "type « société » : il faut physique ou moral"},
		{"no type", row(map[string]string{"type": ""}), "il faut physique ou moral"},
		{"département", row(map[string]string{"departement": "99"}), "département « 99 » inconnu"},
		{"old Corsica", row(map[string]string{"departement": "20"}), "département « 20 » inconnu"},
		{"no name", row(map[string]string{"nom": ""}), "nom manquant"},
		{"long name", row(map[string]string{"nom": strings.Repeat("é", 81)}), "nom trop long"},
		{"name of digits", row(map[string]string{"nom": "1234"}), "nom : caractères refusés"},
		{"name that turns round", row(map[string]string{"nom": "Vas\u202eseur"}), "nom : caractères refusés"},
		{"civilité", row(map[string]string{"civilite": "Dr"}), "civilité « Dr »"},
		{"organisation without name", row(map[string]string{"type": "moral"}), "raison sociale manquante"},
		{"individual with a raison sociale", row(map[string]string{"raison_sociale": "SCI"}), "raison sociale donnée pour un bailleur physique"},
		{"SIRET", row(map[string]string{"type": "moral", "raison_sociale": "SCI", "siret": "123"}), "SIRET « 123 » : il faut 14 chiffres"},
		{"e-mail", row(map[string]string{"email": "odile@exemple"}), "adresse e-mail « odile@exemple »"},
		{"e-mail that adds a header", row(map[string]string{"email": "\"a@b.fr\nBcc: c@d.fr\""}), "adresse e-mail"},
		{"nobody to reach", row(map[string]string{"adresse_1": "", "adresse_2": ""}), "ni adresse e-mail ni adresse postale"},
		{"no town", row(map[string]string{"adresse_2": ""}), "impossible à imprimer"},
		{"seven lines with the name", row(map[string]string{"adresse_2": "A", "adresse_3": "B", "adresse_4": "C", "adresse_5": "D", "adresse_6": "69003 LYON"}), "impossible à imprimer"},
		{"endless address line", row(map[string]string{"adresse_1": "1 " + strings.Repeat("LILAS ", 10)}), "impossible à imprimer"},
		{"identifier", row(map[string]string{"identifiant": "LOG123"}), "identifiant « LOG123 »"},
		{"NUL", row(map[string]string{"nom": "Vas\x00seur"}), "caractère de commande"},
		{"escape sequence", row(map[string]string{"nom": "\x1b[31mVasseur"}), "caractère de commande"},
		{"too many cells", strings.TrimSpace(row(nil)) + ";;surplus\n", "18 cellules au lieu de 16"},
		{"only a number", "45675320380009\n", "il faut physique ou moral"},
		{"huge cell", row(map[string]string{"nom": strings.Repeat("a", 1<<20)}), "ligne de plus de 16384 octets"},
		{"quotation mark without its other end", row(map[string]string{"nom": `"Vasseur`}), "guillemet ouvert et jamais refermé"},
		{"text after a quotation mark", row(map[string]string{"nom": `"Vas"seur`}), "texte après un guillemet fermant"},
		{"same number", strings.Replace(row(nil), "45675320380009", "45675320380001", 1), "numéro utilisateur déjà à la ligne 2 du fichier"},
		{"same e-mail", row(map[string]string{"email": "ODILE@exemple.fr"}), "adresse e-mail déjà à la ligne 2 du fichier"},
		{"same identifier", row(map[string]string{"identifiant": "log-first111"}), "identifiant déjà à la ligne 2 du fichier"},
		{"e-mail of another account", row(map[string]string{"email": "taken@exemple.fr"}), "adresse e-mail déjà utilisée par un autre compte"},
		{"identifier of another account", row(map[string]string{"identifiant": "LOGTAKEN111"}), "identifiant déjà attribué à un autre compte"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := storagetest.Open(t)
			imported(t, db, headerRow+row(map[string]string{"numero_utilisateur": "45675320380000", "email": "taken@exemple.fr", "identifiant": "LOGTAKEN111"}))
			report, refused := imported(t, db, headerRow+strings.Replace(byEmail, ";;;;;;;\n", ";;;;;;;LOGFIRST111\n", 1)+test.bad+byLetter)
			if len(refused) == 0 || refused[0].Line != 3 || !strings.Contains(refused[0].Reason, test.reason) {
				t.Fatalf("refused = %+v, want line 3: %s", refused, test.reason)
			}
			if report.Created != 2 {
				t.Errorf("report = %v, want both good rows created; refused %v", report, refused)
			}
		})
	}
}

// All faults of a row are named at once, so that it is corrected once.
func TestEveryFaultOfARowIsNamed(t *testing.T) {
	_, refused := imported(t, storagetest.Open(t), headerRow+row(map[string]string{"type": "x", "departement": "0", "email": "@"}))
	if len(refused) != 1 || strings.Count(refused[0].Reason, " ; ") != 2 {
		t.Errorf("refused = %+v, want three reasons", refused)
	}
}

// What people and spreadsheets write without meaning anything by it.
func TestGoodRowsInOtherClothes(t *testing.T) {
	for name, file := range map[string]string{
		"commas":                         strings.ReplaceAll(headerRow+row(map[string]string{"adresse_1": `"1, RUE DES LILAS"`}), ";", ","),
		"quotation marks around all":     headerRow + `"45675320380009";"physique";"69";"";"";"";"";"Vasseur";"";"1 RUE ""DES"" LILAS";"69003 LYON";"";"";"";"";""` + "\n",
		"line break in a cell":           headerRow + row(map[string]string{"adresse_1": "\"RESIDENCE\r\nDES LILAS\""}),
		"line ends of Windows":           strings.ReplaceAll(headerRow+row(nil), "\n", "\r\n"),
		"no line end at the end":         strings.TrimSuffix(headerRow+row(nil), "\n"),
		"empty lines and rows":           "\n" + headerRow + "\n;;;;;;;;;;;;;;;\n" + row(nil) + "\n\n",
		"last cells left out":            headerRow + strings.TrimRight(row(nil), ";\n") + "\n",
		"more empty cells":               headerRow + strings.TrimSpace(row(nil)) + ";;;;\n",
		"capitals, accents, spaces":      strings.NewReplacer("numero_utilisateur", "Numéro Utilisateur", "adresse_1", "ADRESSE 1", "departement", "Département").Replace(headerRow) + row(nil),
		"byte order mark":                "\ufeff" + headerRow + row(nil),
		"département without its zero":   headerRow + row(map[string]string{"departement": "1"}),
		"spaces in the number":           headerRow + row(map[string]string{"numero_utilisateur": "456 753 203 80009"}),
		"madame":                         headerRow + row(map[string]string{"civilite": "MADAME"}),
		"type in capitals":               headerRow + row(map[string]string{"type": "PHYSIQUE"}),
		"quotation mark inside a cell":   headerRow + row(map[string]string{"adresse_1": `1 RUE DU "LILAS"`}),
		"accent in two characters":       headerRow + row(map[string]string{"nom": "Be\u0301nard"}),
		"decomposed accent in a heading": strings.Replace(headerRow, "departement", "de\u0301partement", 1) + row(nil),
	} {
		t.Run(name, func(t *testing.T) {
			db := storagetest.Open(t)
			report, refused := imported(t, db, file)
			if counts(report) != [4]int{1, 0, 0, 0} {
				t.Fatalf("report = %v, refused %v; want one account", report, refused)
			}
			found, err := db.Landlords(t.Context(), []string{"45675320380009"})
			if err != nil || len(found) != 1 {
				t.Errorf("landlords = %v, %v", found, err)
			}
		})
	}
}

func TestColumnsInAnyOrder(t *testing.T) {
	db := storagetest.Open(t)
	imported(t, db, "email;nom;type;numero_utilisateur;departement\nodile@exemple.fr;Perrin;physique;45675320380001;39\n")
	found, err := db.Landlords(t.Context(), []string{"45675320380001"})
	if err != nil || found["45675320380001"].User.Email != "odile@exemple.fr" || found["45675320380001"].Account.Department != "39" {
		t.Errorf("landlord = %+v, %v", found, err)
	}
}

func TestEncodings(t *testing.T) {
	accented := headerRow + row(map[string]string{"nom": "Lefèvre-Œuvrard", "adresse_2": "69003 LYON"})
	windows, err := charmap.Windows1252.NewEncoder().String(accented)
	if err != nil {
		t.Fatal(err)
	}
	far := strings.Repeat("\n", 200<<10) // beyond any buffer
	for name, file := range map[string]string{
		"UTF-8":                             accented,
		"UTF-8 far down":                    headerRow + far + strings.TrimPrefix(accented, headerRow),
		"Windows-1252":                      windows,
		"Windows-1252 far down":             headerRow + far + strings.TrimPrefix(windows, headerRow),
		"UTF-8 with a byte order mark":      "\ufeff" + accented,
		"Windows-1252 with a stray pair":    windows + strings.Replace(windows[len(headerRow):], "45675320380009", "4567532038Ã©01", 1),
		"byte order mark and one wrong row": "\ufeff" + accented + windows[len(headerRow):],
	} {
		t.Run(name, func(t *testing.T) {
			db := storagetest.Open(t)
			imported(t, db, file)
			found, err := db.Landlords(t.Context(), []string{"45675320380009"})
			if got := found["45675320380009"].User.FamilyName; err != nil || got != "Lefèvre-Œuvrard" {
				t.Errorf("family name = %q, %v", got, err)
			}
		})
	}
}

// In a file that is UTF-8 but for some rows, those rows are refused and the
// others keep their accents.
func TestRowsInAnotherEncodingAreRefused(t *testing.T) {
	good := func(n int) string {
		return row(map[string]string{"numero_utilisateur": fmt.Sprintf("%014d", n), "nom": "Bénédé"})
	}
	db := storagetest.Open(t)
	report, refused := imported(t, db, headerRow+good(1)+good(2)+strings.Replace(good(3), "Bénédé", "B\xe9nard", 1)+good(4))
	if report.Created != 3 || len(refused) != 1 || refused[0].Line != 4 || refused[0].Number != "00000000000003" || !strings.Contains(refused[0].Reason, "encodage") {
		t.Errorf("report = %v, refused %+v", report, refused)
	}
}

func TestUndefinedBytesOfWindows1252AreRefused(t *testing.T) {
	report, refused := imported(t, storagetest.Open(t), headerRow+row(map[string]string{"nom": "B\xe9n\x81"})+byLetter)
	if report.Created != 1 || len(refused) != 1 {
		t.Errorf("report = %v, refused %+v", report, refused)
	}
}

// One stray quotation mark costs its row, wherever the next one stands.
func TestStrayQuotationMarksNeverSwallowRows(t *testing.T) {
	db := storagetest.Open(t)
	file := headerRow
	for i := range 40 {
		name := "Vasseur"
		switch i {
		case 10:
			name = `"Vasseur`
		case 12:
			name = `Vasseur"`
		case 14, 15:
			name = `"Vasseur`
		}
		file += row(map[string]string{"numero_utilisateur": fmt.Sprintf("%014d", i+1), "nom": name})
	}
	report, refused := imported(t, db, file)
	if report.Created != 37 || report.Refused != 3 {
		t.Errorf("report = %v, refused %v; want only the rows with an open quotation mark refused", report, refused)
	}
}

func TestTruncatedFileRefusesItsLastRow(t *testing.T) {
	whole := headerRow + byEmail + byLetter
	cut := whole[:len(whole)-12] // inside the last row's empty cells
	report, refused := imported(t, storagetest.Open(t), cut)
	if report.Created != 1 || len(refused) != 1 || refused[0].Line != 3 {
		t.Errorf("report = %v, refused %+v; want the last row refused", report, refused)
	}
}

func TestUnreadableFilesAreErrors(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"empty", "", "file is empty"},
		{"only empty lines", "\n\n", "file is empty"},
		{"unknown column", strings.Replace(headerRow, "siret", "siren", 1), `unknown column "siren"`},
		{"missing columns", "numero_utilisateur;nom\n", "missing column: type, departement, email"},
		{"column twice", strings.Replace(headerRow, "siret", "nom", 1), "column twice: nom"},
		{"one column", "numero_utilisateur\ttype\n", "unknown column"},
		{"UTF-16", "\xff\xfen\x00u\x00", "UTF-16"},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00\x00", "unknown column"},
		{"endless header", strings.Repeat("a", 1<<20), "not text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := agency(storagetest.Open(t)).Import(t.Context(), strings.NewReader(test.file), operator.ImportOptions{Name: "x.csv"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

// A row refused for itself gives its number, address and identifier free.
func TestRefusedRowsClaimNothing(t *testing.T) {
	db := storagetest.Open(t)
	cells := map[string]string{"email": "odile@exemple.fr", "identifiant": "LOGFIRST111", "departement": "99"}
	bad := row(cells)
	cells["departement"] = "69"
	report, refused := imported(t, db, headerRow+bad+row(cells))
	if report.Created != 1 || len(refused) != 1 || refused[0].Line != 2 {
		t.Errorf("report = %v, refused %+v", report, refused)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(headerRow + byEmail + byLetter + organisation)
	f.Add(headerRow + row(map[string]string{"nom": `"a` + "\n" + `b"`}))
	f.Add("\xff" + headerRow)
	f.Add(headerRow + `"` + strings.Repeat("\n", 20) + `"`)
	db := storagetest.Open(f)
	f.Fuzz(func(t *testing.T, file string) {
		report, err := agency(db).Import(t.Context(), strings.NewReader(file), operator.ImportOptions{Name: "fuzz.csv", DryRun: true,
			Refused: func(r operator.Refusal) error {
				if r.Line < 2 || r.Reason == "" || strings.ContainsAny(r.Reason+r.Number, "\r\n\x00") {
					t.Errorf("refusal %+v", r)
				}
				return nil
			}})
		if lines := strings.Count(file, "\n"); err == nil && report.Created+report.Refused > lines {
			t.Errorf("%d rows of %d lines", report.Created+report.Refused, lines)
		}
	})
}
