package oauth

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"loge/storage"
)

// awkward are texts that JSON writes in ways of its own.
var awkward = []string{"", "pwd", "pwd otp", `"`, `a"b`, `\`, `\"`, `<b>`, "a&b", "\n", "\x00", "\x7f", "é", "\u2028", "\xff", `","p":"x`, `{}`}

// What is written without encoding/json is, byte for byte, what it would write.
func TestRecordsAreWrittenAsJSON(t *testing.T) {
	check := func(r record) {
		t.Helper()
		want, err := json.Marshal(&r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.encode()
		if err != nil || got != string(want) {
			t.Errorf("encoded %s, %v; want %s", got, err, want)
		}
		wantRecord(t, got)
	}
	full := record{Version: recordVersion, User: "u", Sub: "p", Session: "s", Time: 1795424400, AMR: "pwd"}
	check(full)
	check(record{Version: recordVersion})
	for _, text := range awkward {
		for _, set := range []func(*record){
			func(r *record) { r.User = text }, func(r *record) { r.Sub = text }, func(r *record) { r.Session = text }, func(r *record) { r.AMR = text },
			func(r *record) { r.Confirm.JKT = text }, func(r *record) { r.Confirm.X5T = text }, func(r *record) { r.Resources = []string{text} },
			func(r *record) { r.Claims.UserInfo = claimWishes{"name": {Essential: true}} },
			func(r *record) { r.Claims.IDToken = claimWishes{"name": {}} },
			func(r *record) { r.Time = -1 },
		} {
			changed := full
			set(&changed)
			check(changed)
		}
	}
}

// wantRecord reads a text as a record, and as encoding/json reads it.
func wantRecord(t *testing.T, text string) {
	t.Helper()
	var got, want record
	err := json.Unmarshal([]byte(text), &want)
	good := err == nil && want.Version == recordVersion
	if err := got.decode(text); (err == nil) != good {
		t.Errorf("%q: decoded %v, JSON says %v", text, err, good)
	} else if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(record{})); good && diff != "" {
		t.Errorf("%q: %s", text, diff)
	}
}

func FuzzRecord(f *testing.F) {
	for _, text := range awkward {
		f.Add(text)
		f.Add(`{"v":1,"u":"` + text + `","p":"p","s":"s","t":5}`)
		f.Add(`{"v":1,"u":"u","p":"p","s":"s","t":5,"m":"` + text + `"}`)
	}
	for _, number := range []string{"0", "00", "007", "-1", "-", "", "1.5", "1e3", "99999999999999999999", `"5"`, "null", " 5"} {
		f.Add(`{"v":1,"u":"u","p":"p","s":"s","t":` + number + `}`)
	}
	for _, rest := range []string{`,"m":"pwd"} `, `,"m":"pwd"}x`, `,"m":"pwd","m":"otp"}`, `,"u":"other"}`, `,"cnf":{"jkt":"k"}}`, `,"c":{"userinfo":{"name":{}}}}`, `,"new":1}`, ``, ` }`} {
		f.Add(`{"v":1,"u":"u","p":"p","s":"s","t":5` + rest)
	}
	f.Add(`{"v":2,"u":"u","p":"p","s":"s","t":5}`)
	f.Fuzz(wantRecord)
}

// The same for what is told about a person, whatever stands in the rows.
func TestClaimsAreWrittenAsJSON(t *testing.T) {
	for _, text := range awkward {
		h := storage.Holder{User: storage.User{GivenName: text, FamilyName: "Durand", Email: text, EmailVerifiedAt: 5, DetailsAt: 1795424400, Phone: text, Role: storage.RoleAdministrator},
			Account: storage.Account{Kind: storage.Organisation, Number: text, SIRET: text, CompanyName: text, Address: "1 rue A\n69001 Lyon\n" + text},
			Rights:  storage.Rights{Registered: []storage.Right{{Name: "lire"}, {Name: "écrire"}}}}
		got := append(claimsFor(offeredScopes, &h), fact{"sub", text})
		want := map[string]any{}
		for _, one := range got {
			want[one.name] = one.value
		}
		if len(got) != len(want) {
			t.Errorf("%q: a name is told twice: %v", text, got)
		}
		wanted, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, func(a, b fact) int { return strings.Compare(a.name, b.name) })
		if written, err := got.MarshalJSON(); err != nil || string(written) != string(wanted) {
			t.Errorf("%q: written %s, %v; want %s", text, written, err, wanted)
		}
	}
	if written, err := (facts{}).MarshalJSON(); err != nil || string(written) != "{}" {
		t.Errorf("nothing: %s, %v", written, err)
	}
	if _, err := (facts{{"x", func() {}}}).MarshalJSON(); err == nil {
		t.Error("a function was written")
	}
}

func BenchmarkRecord(b *testing.B) {
	r := newRecord(storage.Session{UserID: storage.NewID(), ID: storage.NewID(), AuthenticatedAt: 1795424400, AMR: "pwd"}, "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	text, err := r.encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = r.encode()
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var got record
			_ = got.decode(text)
		}
	})
}

func BenchmarkClaims(b *testing.B) {
	h := storage.Holder{User: storage.User{GivenName: "Odile", FamilyName: "Durand", Email: "odile@exemple.fr", EmailVerifiedAt: 5, DetailsAt: 1795424400, Phone: "+33612345678"},
		Account: storage.Account{Kind: storage.Individual, Number: "L123456", Department: "69"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := claimsFor(offeredScopes, &h).MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}
