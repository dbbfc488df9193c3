package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"loge/provider/config"
	"loge/provider/text"
	"loge/templates"
)

// Pages renders the pages of one provider.
type Pages struct {
	Texts     *text.Catalog // bound to the operator's names
	Templates *templates.Set
	Assets    *Assets
	Service   config.Service
	Log       *slog.Logger
}

// NewPages binds the operator's names into the texts and finds the pages and
// the files beside them.
func NewPages(texts *text.Catalog, service config.Service, issuer string, log *slog.Logger) (*Pages, error) {
	bound := texts.With(ServiceVars(service, issuer))
	assets, err := NewAssets(service.Colours)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	set, err := templates.Parse(Funcs(bound, assets, service), &page{})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return &Pages{Texts: bound, Templates: set, Assets: assets, Service: service, Log: log}, nil
}

// ServiceVars are the variables with the same value in every text: pages,
// e-mails and letters. adresse_site is the issuer's host and path, as people
// compare it with their browser's address bar.
func ServiceVars(s config.Service, issuer string) map[string]string {
	site := issuer
	if u, err := url.Parse(issuer); err == nil && u.Host != "" {
		site = u.Host + u.Path
	}
	return map[string]string{
		"nom_service":      s.Name,
		"nom_compte":       s.AccountName,
		"organisme":        s.Operator,
		"support_mail":     s.Support.Mail,
		"support_tel":      s.Support.Phone,
		"support_horaires": s.Support.Hours,
		"adresse_site":     site,
	}
}

// Show is the handler of a page that needs no data: help, forgotten, problem,
// accessibility, cookies. legal and privacy are rendered with the operator's
// own text as template.HTML in Data, or nil for ours.
func (p *Pages) Show(template string) http.Handler {
	return p.Handle(func(w http.ResponseWriter, r *http.Request) error {
		return p.Render(w, r, View{Template: template})
	})
}

// AddressFor is the address of one of our paths on behalf of demande: the running
// request of an application, or our own page to which a sign-in leads; "" = neither.
func AddressFor(path, demande string) string {
	if demande == "" {
		return path
	}
	return path + "?demande=" + url.QueryEscape(demande)
}

// SeeOther redirects with 303: the browser asks path with GET, so a reload
// never repeats a POST. path is one of ours or a client's registered address,
// never something a visitor typed.
func SeeOther(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path, http.StatusSeeOther)
}
