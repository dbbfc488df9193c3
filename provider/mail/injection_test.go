package mail

import (
	netmail "net/mail"
	"strings"
	"testing"

	"loge/provider/config"
)

func TestLineBreaksAreRefused(t *testing.T) {
	for _, evil := range []string{"\r\nBcc: x@evil.example", "\nX: y", "\r", "\x00", "a\u2028b", "a\u2029b", "a\u0085b", "\xff", "\ue000", strings.Repeat("a", 400)} {
		for name, spoil := range map[string]func(*Message){
			"name":       func(m *Message) { m.ToName = "Jean" + evil },
			"address":    func(m *Message) { m.To = "jean@exemple.example" + evil },
			"number":     func(m *Message) { m.Data.Number += evil },
			"identifier": func(m *Message) { m.Data.Identifier += evil },
			"company":    func(m *Message) { m.Data.Company += evil },
			"person":     func(m *Message) { m.Data.Person += evil },
			"id":         func(m *Message) { m.ID += evil },
		} {
			if name == "id" && strings.HasPrefix(evil, "aaaa") {
				continue // an ID of letters is only long
			}
			m := samples()[0]
			spoil(&m)
			mail, err := composer(t).Compose(m)
			if err == nil {
				t.Errorf("%s with %.20q was taken: %s", name, evil, mail.Subject)
			} else if strings.Contains(err.Error(), m.Data.Identifier) {
				t.Errorf("%s with %.20q: the error tells the identifier", name, evil)
			}
		}
	}
}

func TestAddressesThatAreNotOne(t *testing.T) {
	for _, to := range []string{"", "jean", "Jean <jean@exemple.example>", "a@b.example, c@d.example", "<a@b.example>", " a@b.example", "a@b.example\tc"} {
		m := samples()[0]
		m.To = to
		if _, err := composer(t).Compose(m); err == nil {
			t.Errorf("address %q was taken", to)
		}
	}
}

// TestNamesStayNames sends names that look like markup, headers, variables and
// our own marks: they arrive as they are and mean nothing.
func TestNamesStayNames(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `Jean "Le Grand" <x@evil.example>`, `{identifiant}`, `**gras**`, `Élodie & Fils`,
		`=?utf-8?q?X?=`, `Bcc: x@evil.example`, `{{.}}`, `⟦mail.hello⟧`, strings.Repeat("Œuvre ", 40),
	} {
		m := samples()[0]
		m.ToName = strings.TrimSpace(name)
		mail := compose(t, m)
		if !strings.Contains(mail.Text, "Bonjour "+m.ToName+",") {
			t.Errorf("%q is not in the text", name)
		}
		doc := document(t, mail)
		if !strings.Contains(doc.Find("body").Text(), "Bonjour "+m.ToName+",") {
			t.Errorf("%q is not in the HTML", name)
		}
		if doc.Find("script").Length() > 0 {
			t.Errorf("%q became an element", name)
		}
		msg, err := netmail.ReadMessage(strings.NewReader(wire(t, mail)))
		if err != nil {
			t.Fatal(err)
		}
		want := netmail.Address{Name: m.ToName, Address: m.To}
		if got, err := msg.Header.AddressList("To"); err != nil || len(got) != 1 || *got[0] != want {
			t.Errorf("%q: To is %v (%v)", name, got, err)
		}
		if msg.Header.Get("Bcc") != "" {
			t.Errorf("%q became a header", name)
		}
	}
}

func TestMissingValueIsRefused(t *testing.T) {
	for _, m := range samples() {
		m.Data = Data{}
		if mail, err := composer(t).Compose(m); err == nil {
			t.Errorf("%s without its values was taken:\n%s", m.Kind, mail.Text)
		}
	}
	if _, err := composer(t).Compose(Message{Kind: "nouveau", To: "a@b.example"}); err == nil {
		t.Error("an unknown kind was taken")
	}
}

func TestComposerRefusesWrongSettings(t *testing.T) {
	good := composer(t)
	for name, c := range map[string]Composer{
		"sender": {Texts: good.Texts, Issuer: good.Issuer, From: "Agence <a@b.example>", Service: config.Service{}},
		"issuer": {Texts: good.Texts, Issuer: "connexion", From: good.From, Service: config.Service{}},
	} {
		if _, err := NewComposer(c); err == nil {
			t.Errorf("a wrong %s was taken", name)
		}
	}
}
