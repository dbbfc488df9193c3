package mail

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"strings"
	texttemplate "text/template"

	"loge/provider/text"
	"loge/templates"
)

// write makes the subject and the two parts of a mail. The templates are parsed
// for each: that takes less than a tenth of a millisecond, beside a relay.
func (c *Composer) write(m Message) (subject, plain, rich string, err error) {
	support := c.Service.In(m.Department).Support
	texts := c.Texts.With(map[string]string{"support_mail": support.Mail, "support_tel": support.Phone})
	w := writer{texts: texts, name: m.ToName, issuer: c.Issuer, colour: c.Service.Colours.Main, vars: m.Data.vars()}
	if subject, err = w.plain(kinds[m.Kind]); err != nil {
		return "", "", "", err
	}
	w.subject = subject
	t, err := texttemplate.New("layout.txt").Funcs(w.textFuncs()).ParseFS(templates.Mail, "mail/layout.txt", "mail/"+m.Kind+".txt")
	if err != nil {
		return "", "", "", fmt.Errorf("parse mail %s: %w", m.Kind, err)
	}
	h, err := template.New("layout.html").Funcs(w.htmlFuncs()).ParseFS(templates.Mail, "mail/layout.html", "mail/"+m.Kind+".html")
	if err != nil {
		return "", "", "", fmt.Errorf("parse mail %s: %w", m.Kind, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, nil); err != nil {
		return "", "", "", err
	}
	plain = out.String()
	out.Reset()
	if err := h.Execute(&out, nil); err != nil {
		return "", "", "", err
	}
	return subject, plain, out.String(), nil
}

// vars are the values that are there, by their names in the texts.
func (d Data) vars() map[string]string {
	vars := map[string]string{
		"numero": d.Number, "identifiant": d.Identifier, "mot_de_passe": d.Password, "code": d.Code,
		"prenom_nom": d.Person, "acteur": d.Person, "droits": d.Rights, "raison_sociale": d.Company, "lien": d.Link, "appareil": d.Device, "adresse": d.Address, "raison": d.Reason, "n": d.Count, "mois": d.Count,
	}
	if !d.Date.IsZero() {
		vars["date"], vars["heure"] = text.Date(d.Date), text.Hour(d.Date)
	}
	if d.Validity > 0 {
		vars["duree"] = text.Duration(d.Validity)
	}
	return vars
}

// writer holds the values of one mail for the functions its templates call:
// t writes a text, link writes one in which {adresse_site} is a link, fact
// writes one whose value stands out, act writes one in which {lien} is a link,
// hello greets.
type writer struct {
	texts                         *text.Catalog
	subject, name, issuer, colour string
	vars                          map[string]string
}

func (w writer) textFuncs() texttemplate.FuncMap {
	return texttemplate.FuncMap{"t": w.plain, "link": w.plain, "act": w.plain, "fact": w.plain, "hello": func() (string, error) {
		return w.hello().plain(w.helloKey())
	}}
}

func (w writer) htmlFuncs() template.FuncMap {
	return template.FuncMap{
		"t": w.html, "link": w.link, "act": w.act, "fact": w.fact,
		"hello":   func() (template.HTML, error) { return w.hello().html(w.helloKey()) },
		"list":    func(items ...template.HTML) []template.HTML { return items },
		"subject": func() string { return w.subject },
		"colour":  func() string { return w.colour },
	}
}

func (w writer) helloKey() string {
	if w.name == "" {
		return "mail.hello.anonymous"
	}
	return "mail.hello"
}

// hello is the writer of the greeting: there {prenom_nom} is the recipient, in
// the rest of the mail it is the person the mail tells about.
func (w writer) hello() writer {
	w.vars = map[string]string{"prenom_nom": w.name}
	return w
}

func (w writer) spans(key, site string, value func(string) string) ([]text.Span, error) {
	pairs := []string{"adresse_site", site}
	for name, v := range w.vars {
		if v != "" {
			pairs = append(pairs, name, value(v))
		}
	}
	spans := w.texts.Spans(key, pairs...)
	if len(spans) == 1 && spans[0].Text == "⟦"+key+"⟧" {
		return nil, fmt.Errorf("text %s is missing, or a value it needs", key)
	}
	return spans, nil
}

func (w writer) plain(key string) (string, error) {
	spans, err := w.spans(key, w.issuer, func(v string) string { return v })
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String(), err
}

// Marks that stand in a text where HTML is to go, until the text is escaped.
// Values cannot hold them: checkValue refuses private characters.
const linkMark, factStart, factEnd = "\ue000", "\ue001", "\ue002"

func (w writer) html(key string) (template.HTML, error) {
	return w.rich(key, w.issuer, w.issuer, func(v string) string { return v })
}

func (w writer) link(key string) (template.HTML, error) {
	return w.rich(key, linkMark, w.issuer, func(v string) string { return v })
}

func (w writer) act(key string) (template.HTML, error) {
	link := w.vars["lien"]
	return w.rich(key, w.issuer, link, func(v string) string {
		if v == link {
			return linkMark
		}
		return v
	})
}

func (w writer) fact(key string) (template.HTML, error) {
	return w.rich(key, w.issuer, w.issuer, func(v string) string { return factStart + v + factEnd })
}

// rich writes a text as HTML; target is where linkMark leads.
func (w writer) rich(key, site, target string, value func(string) string) (template.HTML, error) {
	spans, err := w.spans(key, site, value)
	var b strings.Builder
	for _, s := range spans {
		escaped := html.EscapeString(s.Text)
		if s.Strong {
			escaped = "<strong>" + escaped + "</strong>"
		}
		b.WriteString(escaped)
	}
	address := html.EscapeString(target)
	marks := strings.NewReplacer(
		linkMark, `<a href="`+address+`" style="color:`+html.EscapeString(w.colour)+`; font-weight:bold; text-decoration:underline;">`+address+`</a>`,
		factStart, `<strong style="font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace; font-size:20px; letter-spacing:1px; white-space:nowrap;">`,
		factEnd, `</strong>`,
	)
	return template.HTML(marks.Replace(b.String())), err // escaped above, piece by piece
}
