package web_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// checkPage holds one page to the rules that all pages keep.
func checkPage(t *testing.T, html string) {
	d := parse(t, html)
	if n := d.Find("h1").Length(); n != 1 {
		t.Errorf("%d h1, want 1", n)
	}
	if lang := d.Find("html").AttrOr("lang", ""); lang != "fr" {
		t.Errorf("lang %q", lang)
	}
	checkTitle(t, d)
	checkFields(t, d)
	checkErrors(t, d)
	checkFrame(t, d)
	checkReferences(t, d)
	checkInline(t, d)
	checkTypography(t, d)
	if strings.Contains(html, "⟦") {
		t.Errorf("a text is missing: %s", regexp.MustCompile(`⟦[^⟧]*⟧`).FindString(html))
	}
	if strings.Contains(html, "secret-typed") {
		t.Error("a typed password is shown again")
	}
}

func checkTitle(t *testing.T, d *goquery.Document) {
	t.Helper()
	title := d.Find("title").Text()
	if !strings.HasSuffix(title, " – Espace bailleur") || strings.HasPrefix(title, " –") {
		t.Errorf("title %q", title)
	}
	if got, want := strings.HasPrefix(title, "Erreur\u00a0: "), d.Find(".summary").Length() == 1; got != want {
		t.Errorf("title %q: says « Erreur »: %v, want %v", title, got, want)
	}
}

// completions are the autocomplete values each field must have (RGAA 11.13).
var completions = map[string]string{
	"nom_facteur": "off",
	"numero":      "off", "code_postal": "postal-code",
	"identifiant": "username", "mot_de_passe": "current-password", "nouveau_mot_de_passe": "new-password",
	"email": "email", "prenom": "given-name", "nom": "family-name", "telephone": "tel",
	"fonction": "organization-title", "code": "one-time-code", "code_appareil": "off", "raison": "off",
}

// literal are fields whose value is not prose: no correction, no capitals.
var literal = []string{"identifiant", "mot_de_passe", "nouveau_mot_de_passe", "email", "code", "code_appareil"}

func checkFields(t *testing.T, d *goquery.Document) {
	t.Helper()
	d.Find("form").Each(func(_ int, f *goquery.Selection) {
		if _, ok := f.Attr("novalidate"); !ok {
			t.Errorf("form %s without novalidate", f.AttrOr("action", ""))
		}
		_, leaves := f.Attr("data-send") // to an application
		if strings.HasPrefix(f.AttrOr("action", ""), "/") == leaves || f.AttrOr("method", "") != "post" && f.AttrOr("role", "") != "search" {
			t.Errorf("form with action %q and method %q", f.AttrOr("action", ""), f.AttrOr("method", ""))
		}
	})
	d.Find("input").Each(func(_ int, in *goquery.Selection) {
		name, kind := in.AttrOr("name", ""), in.AttrOr("type", "")
		if _, hidden := in.Attr("hidden"); hidden || kind == "hidden" {
			return
		}
		id := in.AttrOr("id", "")
		if kind == "radio" || kind == "checkbox" && in.Closest("fieldset").Length() == 1 { // the question stands in the legend
			// The first one bears the name of the question: there the summary leads.
			first := in.Closest("fieldset").Find("input").First().AttrOr("id", "")
			if label := d.Find(`label[for="` + id + `"]`); label.Length() != 1 || strings.TrimSpace(in.Closest("fieldset").Find("legend").Text()) == "" ||
				first == "" || kind == "radio" && first != name {
				t.Errorf("choice %q has no label or no question", id)
			}
			return
		}
		if in.Closest("form[role=search]").Length() == 1 { // it asks for nothing, and about somebody else
			return
		}
		if id != name || id == "" {
			t.Errorf("field %q has id %q: the error summary would not find it", name, id)
		}
		label := d.Find(`label[for="` + id + `"]`)
		if label.Length() != 1 {
			t.Errorf("field %q has %d labels", name, label.Length())
		}
		_, required := in.Attr("required")
		if said := strings.Contains(label.Text(), "(obligatoire)"); said != required {
			t.Errorf("field %q: required %v, label %q", name, required, label.Text())
		}
		if !required && !strings.Contains(label.Text(), "(facultatif)") {
			t.Errorf("field %q: label %q says neither", name, label.Text())
		}
		if kind != "checkbox" {
			want := completions[name]
			if in.Closest(`form[action="/organisme/ajouter"], form[action="/organisme/adresse"]`).Length() == 1 {
				want = "off" // about somebody else
			}
			if got := in.AttrOr("autocomplete", ""); got != want || got == "" {
				t.Errorf("field %q: autocomplete %q, want %q", name, got, want)
			}
		}
		if slices.Contains(literal, name) && (in.AttrOr("spellcheck", "") != "false" || in.AttrOr("autocapitalize", "") != "off") {
			t.Errorf("field %q may be corrected by the keyboard", name)
		}
		if _, ok := in.Attr("placeholder"); ok {
			t.Errorf("field %q has a placeholder", name)
		}
		if kind == "password" {
			checkPassword(t, in)
		}
	})
}

func checkPassword(t *testing.T, in *goquery.Selection) {
	t.Helper()
	if _, ok := in.Attr("maxlength"); ok {
		t.Error("maxlength on a password cuts what is pasted")
	}
	button := in.Next()
	if _, hidden := button.Attr("hidden"); !button.Is("button[type=button]") || !hidden ||
		button.AttrOr("data-show", "") != "Afficher le mot de passe" || button.AttrOr("data-hide", "") != "Masquer le mot de passe" {
		t.Error("the show button must follow the password, type=button, hidden until the script runs")
	}
}

func checkErrors(t *testing.T, d *goquery.Document) {
	t.Helper()
	if d.Find(".summary").Length() == 1 {
		first := d.Find("main").Children().First()
		if !first.Is(`.summary[role=alert][tabindex="-1"]`) {
			t.Error("the error summary is not the first thing in main, ready for the focus")
		}
		d.Find(".summary a").Each(func(_ int, a *goquery.Selection) {
			id := strings.TrimPrefix(a.AttrOr("href", ""), "#")
			field := d.Find(`input[id="` + id + `"]`)
			if field.Length() != 1 || field.AttrOr("aria-invalid", "") != "true" {
				t.Errorf("summary leads to %q, which is no field marked as wrong", id)
			}
			if text := d.Find("#" + id + "-erreur").Text(); !strings.Contains(text, a.Text()) {
				t.Errorf("field %q says %q, the summary %q", id, text, a.Text())
			}
		})
	}
	d.Find("[aria-invalid]").Each(func(_ int, in *goquery.Selection) {
		if !strings.Contains(in.AttrOr("aria-describedby", ""), in.AttrOr("id", "?")+"-erreur") {
			t.Errorf("field %q: the error is not in aria-describedby", in.AttrOr("id", ""))
		}
	})
}

// checkFrame: skip link, landmarks, help line just before the footer.
func checkFrame(t *testing.T, d *goquery.Document) {
	t.Helper()
	if !d.Find("body").Children().First().Is(`a.skip[href="#contenu"]`) || d.Find("main#contenu").Length() != 1 {
		t.Error("the skip link is not first or leads nowhere")
	}
	if d.Find("header").Length() != 1 || d.Find("footer").Length() != 1 {
		t.Error("want one header and one footer")
	}
	help := d.Find("footer").Prev()
	if !help.Is(".help") || help.Find(`a[href="/probleme-de-connexion"]`).Text() != "Problème de connexion" || help.Find(`a[href="/aide"]`).Length() != 1 {
		t.Error("the help line is not just before the footer")
	}
	if got := strings.Join(strings.Fields(d.Find("footer").Text()), " "); got != "Aide et contact Accessibilité : non conforme Mentions légales Données personnelles Cookies" {
		t.Errorf("footer %q", got)
	}
}

// checkReferences: every id is used once, everything that names an id finds it.
func checkReferences(t *testing.T, d *goquery.Document) {
	t.Helper()
	ids := map[string]int{}
	d.Find("[id]").Each(func(_ int, e *goquery.Selection) { ids[e.AttrOr("id", "")]++ })
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	for _, attr := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls", "data-for"} {
		d.Find("[" + attr + "]").Each(func(_ int, e *goquery.Selection) {
			for id := range strings.FieldsSeq(e.AttrOr(attr, "")) {
				if ids[id] == 0 {
					t.Errorf("%s=%q leads nowhere", attr, id)
				}
			}
		})
	}
	d.Find(`a[href^="#"]`).Each(func(_ int, a *goquery.Selection) {
		if id := strings.TrimPrefix(a.AttrOr("href", ""), "#"); ids[id] == 0 {
			t.Errorf("link to #%s leads nowhere", id)
		}
	})
}

// checkInline: nothing the Content-Security-Policy would block, nothing foreign.
func checkInline(t *testing.T, d *goquery.Document) {
	t.Helper()
	d.Find("*").Each(func(_ int, e *goquery.Selection) {
		for _, a := range e.Nodes[0].Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("inline %s on <%s>", a.Key, goquery.NodeName(e))
			}
			if a.Key == "src" && !e.Is("iframe") && !strings.HasPrefix(a.Val, "/static/") && !strings.HasPrefix(a.Val, "/applications/") {
				t.Errorf("foreign resource %q", a.Val)
			}
		}
	})
	if d.Find("style, script:not([src]), iframe:not([hidden][sandbox][title]), object, embed, base, meta[http-equiv]").Length() != 0 {
		t.Error("an element the policy forbids")
	}
	d.Find("link").Each(func(_ int, l *goquery.Selection) {
		if !strings.HasPrefix(l.AttrOr("href", ""), "/static/") {
			t.Errorf("foreign resource %q", l.AttrOr("href", ""))
		}
	})
}

var badSpace = regexp.MustCompile(`\S* [:;!?»]|« \S*`)

func checkTypography(t *testing.T, d *goquery.Document) {
	t.Helper()
	d.Find("script, style").Remove()
	if bad := badSpace.FindString(d.Text()); bad != "" {
		t.Errorf("ordinary space: %q", bad)
	}
}
