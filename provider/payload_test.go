package provider_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"loge/provider/providertest"
)

// payloads are texts that become markup, script, a header or a template where
// somebody forgot to escape.
var payloads = []string{
	`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `</title><svg onload=alert(1)>`, `</textarea><b>x`, `" autofocus onfocus="alert(1)`,
	`javascript:alert(1)`, `{{.Service}}{{template "x"}}`, `${7*7}#{7*7}`, `<!--`, `]]>`, `&lt;script&gt;&#34;`, "\u2028\u202e<b>", `\"><x`, `%3Cscript%3E`, `<style>*{}`,
	`**gras** [lien](javascript:alert(1))`, `http://forge.example/"onmouseover="x`, `'; DROP TABLE users; --`,
}

// structure is a page without its texts and values: elements, in order, with the
// names of their attributes.
func structure(page *providertest.Page) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			var names []string
			for _, a := range n.Attr {
				names = append(names, a.Key)
			}
			slices.Sort(names)
			b.WriteString("<" + n.Data + " " + strings.Join(names, " ") + ">\n")
		}
		if n.Type == html.CommentNode {
			b.WriteString("<!-- -->\n")
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	walk(page.Get(0))
	return b.String()
}

// class 12: what somebody typed, registered or imported never changes the
// elements of a page. Each place is shown once with a plain word and then with
// every payload.
func TestTextNeverBecomesMarkup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	w.Import(house)
	db := outside(t, w.Provider)
	at := func(h1 string) (*providertest.Browser, *providertest.Page) {
		b, page := w.at(h1)
		expect(t, page, h1)
		return b, page
	}
	login, loginPage := at(onLogin)
	consent, consentPage := at(onConsent)
	identifier, provisional := w.Credentials("contact@rives.example")
	open := func() (*providertest.Browser, *providertest.Page) {
		b := w.Browser()
		page := b.Get(w.URL+"/connexion").Submit("identifiant", identifier, "mot_de_passe", provisional)
		expect(t, page, onAdministrator)
		return b, page
	}
	organisation, _ := open()
	_, details := open()
	details = details.Press("Je continue")
	expect(t, details, onDetails)

	w.Import(marcel)
	shares := w.Browser()
	identifier, provisional = w.PrintedCredentials("45675320380002")
	other := visitor(t, w.Provider)
	other.email = "marcel@exemple.fr"
	other.walk(shares.Get(w.partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPartner)

	places := map[string]func(text string) *providertest.Page{
		"identifier typed": func(text string) *providertest.Page {
			execute(t, db, `DELETE FROM throttles`)
			execute(t, db, `DELETE FROM failures`)
			return loginPage.Submit("identifiant", text, "mot_de_passe", text)
		},
		"identifier typed alone": func(text string) *providertest.Page { return loginPage.Submit("identifiant", text) },
		"address typed": func(text string) *providertest.Page {
			return details.Submit("prenom", "", "nom", "", "email", text, "telephone", text)
		},
		"name typed": func(text string) *providertest.Page {
			name := "A" + strings.NewReplacer("\u2028", "", "\u202e", "").Replace(text) // a name needs a letter, and is one line
			return details.Submit("prenom", name, "nom", name, "email", "x", "telephone", "x", "fonction", name)
		},
		"code asked of nobody": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/connexion/code?envoye=" + url.QueryEscape(text))
		},
		"request": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/connexion?demande=" + url.QueryEscape(text))
		},
		"request posted": func(text string) *providertest.Page {
			return login.Post(w.URL+"/connexion", values("demande", text, "identifiant", "x", "mot_de_passe", "x"))
		},
		"kind of text": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/textes/" + url.PathEscape(text) + "/1")
		},
		"version of text": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/textes/rules/" + url.PathEscape(text))
		},
		"unknown address": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/x" + url.PathEscape(text) + "?q=" + url.QueryEscape(text))
		},
		"unknown application": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/oauth2/authorize?client_id=" + url.QueryEscape(text) + "&state=" + url.QueryEscape(text))
		},
		"application": func(text string) *providertest.Page {
			execute(t, db, `UPDATE clients SET name = $1, publisher = $1, purpose = $1, policy_uri = $1`, text)
			return login.Get(loginPage.URL.String())
		},
		"application on the consent page": func(string) *providertest.Page { return consent.Get(consentPage.URL.String()) },
		"application of an expired request": func(text string) *providertest.Page {
			return w.Browser().Get(loginPage.URL.String())
		},
		"person": func(text string) *providertest.Page {
			execute(t, db, `UPDATE users SET given_name = $1, family_name = $1, job_title = $1, phone = $1`, text)
			return consent.Get(w.URL + "/")
		},
		"organisation": func(text string) *providertest.Page {
			execute(t, db, `UPDATE accounts SET company_name = $1, department = $1, address = $1`, text)
			return organisation.Get(w.URL + "/connexion/administrateur")
		},
		"device code in the address": func(text string) *providertest.Page {
			return w.Browser().Get(w.URL + "/appareil?code=" + url.QueryEscape(text))
		},
		"device code typed": func(text string) *providertest.Page {
			execute(t, db, `DELETE FROM throttles`)
			execute(t, db, `DELETE FROM failures`)
			return w.Browser().Get(w.URL+"/appareil").Submit("code_appareil", text)
		},
		"application authorised": func(text string) *providertest.Page {
			execute(t, db, `UPDATE clients SET name = $1, publisher = $1, purpose = $1, policy_uri = $1`, text)
			return shares.Get(w.URL + "/compte/applications")
		},
		"application to withdraw": func(text string) *providertest.Page {
			execute(t, db, `UPDATE clients SET name = $1, publisher = $1, purpose = $1, policy_uri = $1`, text)
			return shares.Get(w.URL + "/compte/applications/retrait?application=" + url.QueryEscape(w.partner.Client.ID))
		},
		"withdrawn nobody": func(text string) *providertest.Page {
			return shares.Get(w.URL + "/compte/applications/retrait?application=" + url.QueryEscape(text))
		},
		"what changes": func(text string) *providertest.Page {
			execute(t, db, `UPDATE documents SET summary = $1`, text)
			return w.Browser().Get(w.URL + "/textes/terms/1")
		},
	}
	for place, show := range places {
		want := structure(show("Bonjour"))
		for _, text := range payloads {
			page := show(text)
			if page.Status >= 500 {
				t.Errorf("%s: %q answers %d", place, text, page.Status)
			}
			if got := structure(page); got != want {
				t.Errorf("%s: %q changes the page:\n%s", place, text, difference(want, got))
			}
			page.Find("a, form, img, link, script").Each(func(_ int, s *goquery.Selection) {
				for _, name := range []string{"href", "action", "src"} {
					if address := strings.ToLower(strings.TrimSpace(s.AttrOr(name, ""))); strings.HasPrefix(address, "javascript:") || strings.HasPrefix(address, "data:") {
						t.Errorf("%s: %q becomes %s=%q", place, text, name, address)
					}
				}
			})
		}
	}
}

// class 12: state, and what the errors quote of a request, reach the application
// as they are, in its address and nowhere else.
func TestStateComesBackUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{})
	b := w.Browser()
	b.Stay = true
	for _, state := range append(slices.Clone(payloads), "a b+c&d=e#f", "é€😀", strings.Repeat("s", 2048)) {
		for _, broken := range []string{"", "response_type", "scope", "prompt", "max_age", "code_challenge_method"} {
			q := parse(t, w.partner.OAuth.AuthCodeURL(state)).Query()
			q.Set("prompt", "none")
			if broken != "" {
				q.Set(broken, state)
			}
			page := b.Get(w.URL + "/oauth2/authorize?" + q.Encode())
			to := parse(t, page.Header.Get("Location"))
			if got := to.Query(); to.Scheme+"://"+to.Host+to.Path != w.partner.OAuth.RedirectURL || got.Get("state") != state || got.Get("iss") != w.URL || got.Get("error") == "" || to.Fragment != "" {
				t.Errorf("state %.40q, broken %s: to %s", state, broken, to)
			}
			if strings.ContainsAny(page.Header.Get("Location"), "<>\"'\r\n\\") {
				t.Errorf("state %.40q, broken %s: Location %q", state, broken, page.Header.Get("Location"))
			}
			if d := parse(t, page.Header.Get("Location")).Query().Get("error_description"); strings.ContainsAny(d, "\"\\<\r\n") {
				t.Errorf("state %.40q, broken %s: error_description %q", state, broken, d)
			}
		}
	}
}
