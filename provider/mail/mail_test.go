package mail

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"loge/provider/config"
	"loge/provider/text"
	"loge/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

var moment = time.Date(2027, time.March, 12, 13, 5, 0, 0, time.UTC)

func composer(t testing.TB) *Composer {
	t.Helper()
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewComposer(Composer{
		Texts: texts,
		Service: config.Service{
			Name: "Espace bailleur", AccountName: "Mon Compte Partenaire", Operator: "l’Agence du logement de Valmont",
			Support: config.Support{Mail: "aide@agence.example", Phone: "01\u00a099\u00a000\u00a012\u00a034"},
			Colours: config.Colours{Main: "#1d4f7c"},
		},
		Issuer: "https://connexion.agence.example",
		From:   "ne-pas-repondre@agence.example",
		Now:    func() time.Time { return moment },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// samples are one message of each kind.
func samples() []Message {
	const to, name = "josephine.loeuvre@exemple.example", "Joséphine L’Œuvre"
	return []Message{
		{ID: "0193-1", Kind: KindIdentifier, To: to, ToName: name, Data: Data{Number: "45675320380001", Identifier: "LOG 4F0O8B1L"}},
		{ID: "0193-2", Kind: KindProvisional, To: to, ToName: name, Data: Data{Number: "45675320380001", Password: "K7PQ-3WXY-49CD", Date: moment.AddDate(0, 0, 7)}},
		{ID: "0193-3", Kind: KindEmailCode, To: to, ToName: name, Data: Data{Code: "407193", Validity: 30 * time.Minute}},
		{ID: "0193-4", Kind: KindPasswordChanged, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-16", Kind: KindPasswordChangedHere, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-6", Kind: KindPasswordReset, To: to, Data: Data{Number: "45675320380001", Password: "K7PQ-3WXY-49CD", Date: moment, Validity: 24 * time.Hour}},
		{ID: "0193-7", Kind: KindPasswordLink, To: to, Data: Data{Number: "45675320380001", Link: "https://connexion.agence.example/mot-de-passe-oublie/choisir?lien=0193-7.q7pQ3wXy49CdK7Pq3wXy49CdK7Pq3wXy49CdK7Pq3w", Date: moment, Validity: 24 * time.Hour}},
		{ID: "0193-8", Kind: KindIdentifierFound, To: to, ToName: name, Data: Data{Number: "45675320380001", Identifier: "LOG 4F0O8B1L", Date: moment}},
		{ID: "0193-9", Kind: KindAccessSuspended, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-10", Kind: KindAccessReopened, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-11", Kind: KindAccessClosed, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-12", Kind: KindNewDevice, To: to, ToName: name, Data: Data{Number: "45675320380001", Device: "Firefox sur Windows", Date: moment}},
		{ID: "0193-13", Kind: KindTooManyAttempts, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-20", Kind: KindFactorAdded, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-21", Kind: KindFactorAddedTOTP, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-22", Kind: KindRecoveryCodesRenewed, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-23", Kind: KindFactorRemoved, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-24", Kind: KindFactorRemovedLast, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-25", Kind: KindFactorRemovedAgency, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-26", Kind: KindFactorAttempts, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-27", Kind: KindRecoveryCodeUsed, To: to, ToName: name, Data: Data{Number: "45675320380001", Count: "9", Date: moment}},
		{ID: "0193-14", Kind: KindReminder, To: to, ToName: name, Data: Data{Number: "45675320380001", Identifier: "LOG 4F0O8B1L", Count: "2", Date: moment.AddDate(0, 0, -45)}},
		{ID: "0193-15", Kind: KindDormancyWarning, To: to, ToName: name, Data: Data{Number: "45675320380001", Count: "23", Date: moment.AddDate(0, 1, 0)}},
		{ID: "0193-17", Kind: KindEmailChanging, To: to, ToName: name, Data: Data{Number: "45675320380001", Address: "p•••@g•••.fr", Link: "https://connexion.agence.example/compte/e-mail/annuler?lien=0193-17.q7pQ3wXy49CdK7Pq3wXy49CdK7Pq3wXy49CdK7Pq3w", Date: moment, Validity: 24 * time.Hour}},
		{ID: "0193-21", Kind: KindClosingAsked, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-22", Kind: KindClosingWithdrawn, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-23", Kind: KindClosingRefused, To: to, ToName: name, Data: Data{Number: "45675320380001", Reason: "Un locataire touche encore une aide."}},
		{ID: "0193-18", Kind: KindEmailChangedHere, To: to, ToName: name, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-19", Kind: KindEmailRestored, To: to, Data: Data{Number: "45675320380001", Date: moment}},
		{ID: "0193-20", Kind: KindResetWait, To: to, Data: Data{Number: "45675320380001", Date: moment.AddDate(0, 0, 1)}},
		{ID: "0193-40", Kind: KindInvitation, To: to, ToName: name, Data: Data{Number: "45675320380001", Identifier: "LOG 4F0O8B1L", Person: "Zoë Lefèvre", Company: "SCI des Œillets", Rights: "Consulter les loyers, Déclarer les loyers"}},
		{ID: "0193-41", Kind: KindInvitationOpen, To: to, ToName: name, Data: Data{Number: "45675320380001", Identifier: "LOG 4F0O8B1L", Person: "Zoë Lefèvre", Company: "SCI des Œillets"}},
		{ID: "0193-42", Kind: KindSuspendedBy, To: to, ToName: name, Data: Data{Number: "45675320380001", Person: "Zoë Lefèvre", Date: moment}},
		{ID: "0193-43", Kind: KindReopenedBy, To: to, ToName: name, Data: Data{Number: "45675320380001", Person: "Zoë Lefèvre", Date: moment}},
		{ID: "0193-44", Kind: KindRemovedBy, To: to, ToName: name, Data: Data{Number: "45675320380001", Person: "Zoë Lefèvre", Date: moment}},
		{ID: "0193-45", Kind: KindRightsChangedBy, To: to, ToName: name, Data: Data{Number: "45675320380001", Person: "Zoë Lefèvre", Date: moment, Rights: "Consulter les loyers"}},
		{ID: "0193-46", Kind: KindRightsChangedByNone, To: to, ToName: name, Data: Data{Number: "45675320380001", Person: "Zoë Lefèvre", Date: moment}},
		{ID: "0193-47", Kind: KindDemotedBy, To: to, ToName: name, Data: Data{Person: "Zoë Lefèvre", Company: "SCI des Œillets", Date: moment}},
		{ID: "0193-48", Kind: KindRoleOffered, To: to, ToName: name, Data: Data{Person: "Zoë Lefèvre", Company: "SCI des Œillets"}},
		{ID: "0193-49", Kind: KindRoleAccepted, To: to, ToName: name, Data: Data{Person: "Zoë Lefèvre", Company: "SCI des Œillets", Date: moment}},
		{ID: "0193-21", Kind: KindRoleGiven, To: to, ToName: name, Data: Data{Number: "45675320380001", Company: "SCI des Œillets", Date: moment}},
		{ID: "0193-22", Kind: KindRoleTaken, To: to, ToName: name, Data: Data{Number: "45675320380001", Company: "SCI des Œillets", Date: moment}},
		{ID: "0193-50", Kind: KindContactChanged, To: to, ToName: name, Data: Data{Person: "Zoë Lefèvre", Company: "SCI des Œillets", Address: "a•••@s•••.fr", Date: moment}},
		{ID: "0193-5", Kind: KindAdministratorAppointed, To: to, Data: Data{Company: "SCI des Œillets", Person: "Zoë Lefèvre", Date: moment}},
	}
}

func compose(t testing.TB, m Message) *Mail {
	t.Helper()
	mail, err := composer(t).Compose(m)
	if err != nil {
		t.Fatalf("%s: %v", m.Kind, err)
	}
	return mail
}

func wire(t testing.TB, m *Mail) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryMail(t *testing.T) {
	if len(samples()) != len(kinds) {
		t.Fatalf("%d samples for %d kinds", len(samples()), len(kinds))
	}
	for _, m := range samples() {
		mail := compose(t, m)
		for suffix, got := range map[string]string{
			"txt": mail.Text, "html": mail.HTML, "eml": strings.ReplaceAll(wire(t, mail), "\r\n", "\n"),
		} {
			file := filepath.Join("testdata", m.Kind+"."+suffix)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, m := range samples() {
		raw := wire(t, compose(t, m))
		msg, err := netmail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"Message-Id":               "<" + m.ID + "@connexion.agence.example>",
			"Date":                     moment.Format(time.RFC1123Z),
			"Auto-Submitted":           "auto-generated",
			"X-Auto-Response-Suppress": "All",
			"Content-Language":         "fr",
			"Mime-Version":             "1.0",
			"From":                     `"Espace bailleur" <ne-pas-repondre@agence.example>`,
			"User-Agent":               "",
			"X-Mailer":                 "",
		} {
			if got := msg.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", m.Kind, name, got, want)
			}
		}
		for name, want := range map[string]netmail.Address{
			"To":       {Name: m.ToName, Address: m.To},
			"Reply-To": {Name: "l’Agence du logement de Valmont", Address: "aide@agence.example"},
		} {
			got, err := msg.Header.AddressList(name)
			if err != nil || len(got) != 1 || *got[0] != want {
				t.Errorf("%s: %s is %v (%v), want %v", m.Kind, name, got, err, want)
			}
		}
		for line := range strings.SplitSeq(raw, "\r\n") {
			if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 || r == '\n' || r == '\r' }) {
				t.Errorf("%s: a line of %d bytes does not travel safely: %q", m.Kind, len(line), line)
			}
		}
	}
}

func TestPlainTextComesFirstThenHTML(t *testing.T) {
	for _, m := range samples() {
		mail := compose(t, m)
		msg, err := netmail.ReadMessage(strings.NewReader(wire(t, mail)))
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/alternative" {
			t.Fatalf("%s: Content-Type %q (%v)", m.Kind, kind, err)
		}
		parts := multipart.NewReader(msg.Body, params["boundary"])
		for _, want := range []struct{ kind, body string }{{"text/plain; charset=UTF-8", mail.Text}, {"text/html; charset=UTF-8", mail.HTML}} {
			part, err := parts.NextRawPart()
			if err != nil {
				t.Fatal(err)
			}
			if got := part.Header.Get("Content-Type"); got != want.kind {
				t.Errorf("%s: part is %q, want %q", m.Kind, got, want.kind)
			}
			if got := part.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
				t.Errorf("%s: encoding is %q", m.Kind, got)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(part))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.body, strings.ReplaceAll(string(body), "\r\n", "\n")); diff != "" {
				t.Errorf("%s: part (-want +got):\n%s", m.Kind, diff)
			}
		}
		if _, err := parts.NextRawPart(); err != io.EOF {
			t.Errorf("%s: a third part (%v)", m.Kind, err)
		}
	}
}

func document(t *testing.T, m *Mail) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(m.HTML))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestBothPartsSayTheSame(t *testing.T) {
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' })
	}
	for _, m := range samples() {
		mail := compose(t, m)
		if diff := cmp.Diff(words(mail.Text), words(document(t, mail).Find("body").Text())); diff != "" {
			t.Errorf("%s (-text +HTML):\n%s", m.Kind, diff)
		}
	}
}

func TestHTMLNeedsNothingFromOutside(t *testing.T) {
	links := map[string]int{KindInvitation: 1, KindInvitationOpen: 1, KindRoleOffered: 1, KindReminder: 1, KindDormancyWarning: 1, KindIdentifier: 1, KindProvisional: 1, KindPasswordReset: 1, KindPasswordLink: 1, KindEmailChanging: 1} // notices of security have none
	for _, m := range samples() {
		doc := document(t, compose(t, m))
		if n := doc.Find("img, script, link, style, iframe, form, [src], [background], [onclick]").Length(); n > 0 {
			t.Errorf("%s: %d elements that load or run something", m.Kind, n)
		}
		if doc.Find(`html[lang="fr"]`).Length() != 1 {
			t.Errorf("%s: no language", m.Kind)
		}
		if n := doc.Find(`table:not([role="presentation"])`).Length(); n > 0 {
			t.Errorf("%s: %d layout tables would be read out as data", m.Kind, n)
		}
		a := doc.Find("a")
		if a.Length() != links[m.Kind] {
			t.Errorf("%s: %d links, want %d", m.Kind, a.Length(), links[m.Kind])
		}
		a.Each(func(_ int, s *goquery.Selection) {
			if to := s.AttrOr("href", ""); to != "https://connexion.agence.example" && to != m.Data.Link || s.Text() != s.AttrOr("href", "") {
				t.Errorf("%s: link to %q called %q", m.Kind, s.AttrOr("href", ""), s.Text())
			}
		})
	}
}

func TestSubjectsTellNothing(t *testing.T) {
	digits := regexp.MustCompile(`[0-9]`)
	for _, m := range samples() {
		mail := compose(t, m)
		for _, value := range []string{m.Data.Identifier, m.Data.Password, m.Data.Code, m.Data.Number, m.Data.Person, m.ToName} {
			if value != "" && strings.Contains(mail.Subject, value) {
				t.Errorf("%s: subject %q tells %q", m.Kind, mail.Subject, value)
			}
		}
		if digits.MatchString(mail.Subject) {
			t.Errorf("%s: subject %q holds a number", m.Kind, mail.Subject)
		}
	}
}

func TestIdentifierAndPasswordNeverTravelTogether(t *testing.T) {
	m := samples()[0]
	m.Data.Password = "K7PQ-3WXY-49CD"
	if strings.Contains(wire(t, compose(t, m)), m.Data.Password) {
		t.Error("the identifier's mail holds the password")
	}
	m = samples()[1]
	m.Data.Identifier = "LOG 4F0O8B1L"
	if strings.Contains(wire(t, compose(t, m)), m.Data.Identifier) {
		t.Error("the password's mail holds the identifier")
	}
}

func TestMailDoesNotPrintItself(t *testing.T) {
	mail := compose(t, samples()[1])
	if s := mail.String(); strings.Contains(s, "K7PQ") || strings.Contains(s, "josephine") {
		t.Errorf("a mail prints itself as %q", s)
	}
}

func BenchmarkCompose(b *testing.B) {
	c := composer(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Compose(samples()[0]); err != nil {
			b.Fatal(err)
		}
	}
}
