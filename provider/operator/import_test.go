package operator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"loge/provider/operator"
	"loge/storage"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

const headerRow = "numero_utilisateur;type;departement;raison_sociale;siret;civilite;prenom;nom;email;adresse_1;adresse_2;adresse_3;adresse_4;adresse_5;adresse_6;identifiant\n"

// Rows that are good as they are; XX in a number makes it unique.
const (
	byEmail      = "45675320380001;physique;39;;;Mme;Odile;Perrin;odile@exemple.fr;;;;;;;\n"
	byLetter     = "45675320380002;physique;2A;;;M.;Marcel;Aubry;;12 IMPASSE DU MOULIN;20000 AJACCIO;;;;;\n"
	organisation = "45675320380003;moral;69;Habitat des Trois Rivières;99900000300015;;;;;3 QUAI DES BATELIERS;69003 LYON;;;;;LOG HABITAT1\n"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func agency(db *storage.DB) *operator.Operator {
	return &operator.Operator{DB: db, Now: func() time.Time { return start }, Actor: "agent:test"}
}

// imported runs an import and returns its report and the refused rows.
func imported(t testing.TB, db *storage.DB, file string) (operator.Report, []operator.Refusal) {
	t.Helper()
	var refused []operator.Refusal
	report, err := agency(db).Import(t.Context(), strings.NewReader(file), operator.ImportOptions{
		Name: "comptes.csv", Refused: func(r operator.Refusal) error { refused = append(refused, r); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Refused != len(refused) {
		t.Errorf("report counts %d refused rows, %d were told", report.Refused, len(refused))
	}
	return report, refused
}

func counts(r operator.Report) [4]int { return [4]int{r.Created, r.Updated, r.Unchanged, r.Refused} }

func TestImportCreatesAccountUserAndTwoMessages(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		report, refused := imported(t, db, headerRow+byEmail+byLetter+organisation)
		if counts(report) != [4]int{3, 0, 0, 0} {
			t.Fatalf("report = %v, refused %v; want 3 created", report, refused)
		}
		got, err := db.Landlords(t.Context(), []string{"45675320380001", "45675320380002", "45675320380003"})
		if err != nil {
			t.Fatal(err)
		}
		now := storage.At(start)
		want := map[string]storage.Landlord{
			"45675320380001": {
				Account: storage.Account{Number: "45675320380001", Kind: storage.Individual, Department: "39", Channel: storage.ByEmail, CreatedAt: now, UpdatedAt: now},
				User: storage.User{Title: "Mme", GivenName: "Odile", FamilyName: "Perrin", Email: "odile@exemple.fr", EmailKey: "odile@exemple.fr",
					Role: storage.RoleHolder, State: storage.StateIssued, CreatedAt: now},
			},
			"45675320380002": {
				Account: storage.Account{Number: "45675320380002", Kind: storage.Individual, Department: "2A", Channel: storage.ByLetter,
					Address: "12 IMPASSE DU MOULIN\n20000 AJACCIO", CreatedAt: now, UpdatedAt: now},
				User: storage.User{Title: "M.", GivenName: "Marcel", FamilyName: "Aubry", Role: storage.RoleHolder, State: storage.StateIssued, CreatedAt: now},
			},
			"45675320380003": {
				Account: storage.Account{Number: "45675320380003", Kind: storage.Organisation, Department: "69", CompanyName: "Habitat des Trois Rivières",
					SIRET: "99900000300015", Channel: storage.ByLetter, Address: "3 QUAI DES BATELIERS\n69003 LYON", CreatedAt: now, UpdatedAt: now},
				User: storage.User{Identifier: "LOGHABITAT1", Role: storage.RoleMember, State: storage.StateIssued, CreatedAt: now},
			},
		}
		for number, l := range got {
			messages, err := db.MessagesOf(t.Context(), l.User.ID, 10)
			if err != nil || len(messages) != 2 {
				t.Fatalf("%s: messages %v, %v; want 2", number, messages, err)
			}
			provisional, identifier := messages[0], messages[1]
			if identifier.Kind != storage.MessageIdentifier || identifier.State != storage.MessageQueued || identifier.Channel != l.Account.Channel ||
				provisional.Kind != storage.MessageProvisional || provisional.State != storage.MessageHeld || provisional.Follows != identifier.ID {
				t.Errorf("%s: messages %+v", number, messages)
			}
			if number != "45675320380003" && len(l.User.Identifier) != 11 {
				t.Errorf("%s: generated identifier %q", number, l.User.Identifier)
			}
			if l.User.AccountID != l.Account.ID {
				t.Errorf("%s: user of account %s", number, l.User.AccountID)
			}
			l.Account.ID, l.User.ID, l.User.AccountID = "", "", ""
			if number != "45675320380003" {
				l.User.Identifier = ""
			}
			if diff := cmp.Diff(want[number], l); diff != "" {
				t.Errorf("%s (-want +got):\n%s", number, diff)
			}
		}
		audited(t, db, 1)
	})
}

// audited checks how many imports the journal tells of, and its chain.
func audited(t *testing.T, db *storage.DB, want int) {
	t.Helper()
	events, err := db.AuditEvents(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != want {
		t.Errorf("%d audit events, want %d: %v", len(events), want, events)
	}
	for _, e := range events {
		if e.Action != "accounts.imported" || e.Actor != "agent:test" || e.Details["file"] != "comptes.csv" || len(e.Details["sha256"]) != 64 || e.Details["lines"] == "" {
			t.Errorf("audit event %+v", e)
		}
	}
	if _, err := db.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestImportTwiceChangesNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		file := headerRow + byEmail + byLetter + organisation
		imported(t, db, file)
		report, refused := imported(t, db, file)
		if counts(report) != [4]int{0, 0, 3, 0} {
			t.Errorf("second run: %v, refused %v; want 3 unchanged", report, refused)
		}
		audited(t, db, 1)
	})
}

func TestImportUpdates(t *testing.T) {
	for _, test := range []struct {
		name, from, to string
		signedIn       bool
		want           [4]int
		check          func(l storage.Landlord) string
	}{
		{"address", byLetter, strings.Replace(byLetter, "12 IMPASSE", "14 IMPASSE", 1), true, [4]int{0, 1, 0, 0},
			func(l storage.Landlord) string { return l.Account.Address[:2] + "=14" }},
		{"département", byEmail, strings.Replace(byEmail, ";39;", ";25;", 1), true, [4]int{0, 1, 0, 0},
			func(l storage.Landlord) string { return l.Account.Department + "=25" }},
		{"raison sociale and siret", organisation, strings.NewReplacer("Trois", "Deux", "99900000300015", "99900000300023").Replace(organisation), true, [4]int{0, 1, 0, 0},
			func(l storage.Landlord) string {
				return l.Account.CompanyName + l.Account.SIRET + "=Habitat des Deux Rivières99900000300023"
			}},
		{"name before a sign-in", byEmail, strings.Replace(byEmail, "Perrin", "Martin", 1), false, [4]int{0, 1, 0, 0},
			func(l storage.Landlord) string { return l.User.FamilyName + "=Martin" }},
		{"name after a sign-in", byEmail, strings.Replace(byEmail, "Perrin", "Martin", 1), true, [4]int{0, 0, 1, 0},
			func(l storage.Landlord) string { return l.User.FamilyName + "=Perrin" }},
		{"e-mail before a sign-in", byEmail, strings.Replace(byEmail, "odile@", "o.perrin@", 1), false, [4]int{0, 1, 0, 0},
			func(l storage.Landlord) string { return l.User.EmailKey + "=o.perrin@exemple.fr" }},
		{"e-mail after a sign-in", byEmail, strings.Replace(byEmail, "odile@", "o.perrin@", 1), true, [4]int{0, 0, 1, 0},
			func(l storage.Landlord) string { return l.User.EmailKey + "=odile@exemple.fr" }},
		{"e-mail becomes known", byLetter, strings.Replace(byLetter, "Aubry;;", "Aubry;marcel@exemple.fr;", 1), false, [4]int{0, 1, 0, 0},
			func(l storage.Landlord) string { return l.Account.Channel + "=email" }},
		{"e-mail is gone and no address", byEmail, strings.Replace(byEmail, "odile@exemple.fr", "", 1), false, [4]int{0, 0, 0, 1},
			func(l storage.Landlord) string { return l.User.Email + "=odile@exemple.fr" }},
		{"type", organisation, strings.NewReplacer("moral", "physique", "Habitat des Trois Rivières", "", ";;;;;3", ";;;Aubry;;3").Replace(organisation), false, [4]int{0, 0, 0, 1},
			func(l storage.Landlord) string { return l.Account.Kind + "=organisation" }},
		{"identifier", organisation, strings.Replace(organisation, "HABITAT1", "HABITAT2", 1), false, [4]int{0, 0, 0, 1},
			func(l storage.Landlord) string { return l.User.Identifier + "=LOGHABITAT1" }},
		{"identifier left out", organisation, strings.Replace(organisation, "LOG HABITAT1", "", 1), false, [4]int{0, 0, 1, 0},
			func(l storage.Landlord) string { return l.User.Identifier + "=LOGHABITAT1" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := storagetest.Open(t)
			imported(t, db, headerRow+test.from)
			number := test.from[:14]
			read := func() storage.Landlord {
				found, err := db.Landlords(t.Context(), []string{number})
				if err != nil || len(found) != 1 {
					t.Fatalf("landlords = %v, %v", found, err)
				}
				return found[number]
			}
			if test.signedIn {
				user := read().User
				if err := db.InTx(t.Context(), func(q *storage.Queries) error { return q.RecordSignIn(t.Context(), user, storage.At(start)) }); err != nil {
					t.Fatal(err)
				}
			}
			report, refused := imported(t, db, headerRow+test.to)
			if counts(report) != test.want {
				t.Errorf("report = %v %v, want %v", report, refused, test.want)
			}
			if got, want, _ := strings.Cut(test.check(read()), "="); got != want {
				t.Errorf("stored %q, want %q", got, want)
			}
			messages, err := db.MessagesOf(t.Context(), read().User.ID, 10)
			if err != nil || len(messages) != 2 {
				t.Errorf("%d messages, %v; want the first two only", len(messages), err)
			}
		})
	}
}

// A column that the file does not have leaves what is stored alone.
func TestImportWithFewerColumnsKeepsTheRest(t *testing.T) {
	db := storagetest.Open(t)
	imported(t, db, headerRow+byEmail+organisation)
	report, refused := imported(t, db, "type,departement,numero_utilisateur,raison_sociale,adresse_1,adresse_2\nmoral,69,45675320380003,Habitat Nouveau,3 QUAI DES BATELIERS,69003 LYON\n")
	if counts(report) != [4]int{0, 1, 0, 0} {
		t.Fatalf("report = %v, refused %v", report, refused)
	}
	found, err := db.Landlords(t.Context(), []string{"45675320380003"})
	if err != nil {
		t.Fatal(err)
	}
	a := found["45675320380003"].Account
	if a.CompanyName != "Habitat Nouveau" || a.SIRET != "99900000300015" {
		t.Errorf("account = %+v; want the new name and the SIRET kept", a)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		file := headerRow + byEmail + byLetter + byEmail
		dry, err := agency(db).Import(t.Context(), strings.NewReader(file), operator.ImportOptions{Name: "comptes.csv", DryRun: true})
		if err != nil || counts(dry) != [4]int{2, 0, 0, 1} {
			t.Fatalf("dry run: %v, %v; want 2 created, 1 refused", dry, err)
		}
		if found, err := db.Accounts(t.Context(), "", 10); err != nil || len(found) != 0 {
			t.Errorf("accounts after a dry run: %v, %v", found, err)
		}
		audited(t, db, 0)
		if report, _ := imported(t, db, file); counts(report) != counts(dry) {
			t.Errorf("the real run did %v, the dry run promised %v", report, dry)
		}
	})
}
