package letter

import (
	"fmt"
	"strings"
	"time"

	"loge/provider/config"
	"loge/provider/text"
)

// Composer turns data into letters, in the operator's name.
type Composer struct {
	Texts   *text.Catalog
	Service config.Service
	Letters config.Letters
	Issuer  string // the address people type; « https:// » is left out on paper
}

// To is whom a letter goes to and when it is written.
type To struct {
	Recipient []string // from Lines
	Number    string   // numéro utilisateur: it pairs the two letters
	// Department is that of the account, whose contact the letter names; empty:
	// the general one.
	Department string
	Date       time.Time // of the print run
	Letter     string    // number of the sheet, for whoever gets it back; empty: none
	Again      bool      // the letter replaces one that came earlier, and says so
	Asked      time.Time // Again: when the person asked for it; zero: the operator sends it unasked
}

// Identifier is the letter that brings the identifier, as people read it
// (« LOG XXXXXXXX »). For an organisation it says that whoever signs in first
// becomes administrator.
func (c Composer) Identifier(to To, identifier string, organisation bool) (Letter, error) {
	p := c.printer(to)
	l := p.letter(to, "letter.identifier.object")
	l.Before = append(p.opening(to), p.paragraphs("letter.identifier.service", "letter.identifier.here")...)
	l.Secret = identifier
	l.After = p.paragraphs("letter.identifier.second", "letter.identifier.then",
		"letter.identifier.step1", "letter.identifier.step2", "letter.identifier.step3")
	if organisation {
		l.After = append(l.After, p.paragraphs("letter.identifier.organisation")...)
	}
	l.After = append(l.After, p.paragraphs("letter.identifier.keep")...)
	return l, p.check(l)
}

// Provisional is the letter that brings the provisional password, as people
// read it (« XXXX-XXXX-XXXX »), and the last day it works.
func (c Composer) Provisional(to To, password string, until time.Time) (Letter, error) {
	p := c.printer(to, "date", text.Date(until))
	l := p.letter(to, "letter.provisional.object")
	l.Before = append(p.opening(to), p.paragraphs("letter.provisional.here")...)
	l.Secret = password
	l.After = p.paragraphs("letter.provisional.alphabet", "letter.provisional.until",
		"letter.provisional.secret", "letter.provisional.late")
	return l, p.check(l)
}

// AdministratorAppointed tells an organisation without a known e-mail address
// who became its administrator.
func (c Composer) AdministratorAppointed(to To, company, person string, since time.Time) (Letter, error) {
	p := c.printer(to, "raison_sociale", company, "prenom_nom", person, "date", text.Date(since))
	l := p.letter(to, "letter.administrator_appointed.object")
	l.Before = p.paragraphs("letter.hello", "letter.administrator_appointed.who", "letter.administrator_appointed.wrong")
	return l, p.check(l)
}

// printer fills texts in, and remembers the first one that could not be.
type printer struct {
	Composer
	vars []string
	err  error
}

func (c Composer) printer(to To, vars ...string) *printer {
	support := c.Service.In(to.Department).Support
	c.Texts = c.Texts.With(map[string]string{
		"nom_service":      c.Service.Name,
		"nom_compte":       c.Service.AccountName,
		"organisme":        c.Service.Operator,
		"support_mail":     support.Mail,
		"support_tel":      support.Phone,
		"support_horaires": support.Hours,
	})
	vars = append(vars, "adresse_site", strings.TrimPrefix(c.Issuer, "https://"))
	return &printer{Composer: c, vars: vars}
}

func (p *printer) letter(to To, object string) Letter {
	placeDate := "letter.place_date"
	if p.Letters.Place == "" {
		placeDate = "letter.date"
	}
	sender := p.Letters.Sender
	if len(sender) == 0 {
		sender = []string{p.Service.Operator}
	}
	reference := ""
	if to.Letter != "" {
		reference = p.get("letter.reference", "courrier", to.Letter)
	}
	return Letter{
		Reference: reference,
		Sender:    sender,
		Recipient: to.Recipient,
		Date:      to.Date,
		PlaceDate: p.get(placeDate, "lieu", p.Letters.Place, "date", text.Date(to.Date)),
		Object:    p.get(object),
		Number:    p.get("letter.number", "numero", to.Number),
		Footer:    []string{p.get("letter.footer.sender"), p.get("letter.footer.contact")},
	}
}

// opening greets and, in a letter that comes again, says what became of the
// first one.
func (p *printer) opening(to To) []Paragraph {
	first := p.paragraphs("letter.hello")
	switch {
	case !to.Again:
		return first
	case to.Asked.IsZero():
		return append(first, p.paragraphs("letter.again.sent")...)
	}
	p.vars = append(p.vars, "demande", text.Date(to.Asked))
	return append(first, p.paragraphs("letter.again.asked")...)
}

func (p *printer) paragraphs(keys ...string) []Paragraph {
	all := make([]Paragraph, 0, len(keys)+2)
	for _, key := range keys {
		p.get(key)
		all = append(all, p.Texts.Spans(key, p.vars...))
	}
	return all
}

func (p *printer) get(key string, vars ...string) string {
	s := p.Texts.Get(key, append(vars, p.vars...)...)
	if strings.Contains(s, "⟦") && p.err == nil {
		p.err = fmt.Errorf("compose letter: text %s is missing or a variable of it is", key)
	}
	return s
}

func (p *printer) check(l Letter) error {
	if p.err != nil {
		return p.err
	}
	return l.Check()
}
