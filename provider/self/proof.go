package self

import (
	"fmt"
	"html/template"
	"net/http"

	"github.com/gorilla/mux"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/terms"
	"loge/provider/text"
	"loge/provider/web"
)

type proofPage struct {
	Kind, Version, Published string
	HTML                     template.HTML
	SHA256                   string
	Accepted                 string // moment
	Name, Identifier, Number string
	CompanyName              string
}

// Proof shows what the person accepted, in the exact version, and when. It
// reads the router's variables kind and version; a text that he did not accept
// has no proof: 404.
func (s *Self) Proof(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, vars := r.Context(), mux.Vars(r)
	a, err := s.DB.AcceptanceOf(ctx, v.User.ID, vars["kind"], vars["version"])
	if err != nil {
		return fmt.Errorf("load acceptance: %w", err)
	}
	doc, err := s.DB.Document(ctx, a.DocumentID)
	if err != nil {
		return fmt.Errorf("load document: %w", err)
	}
	html, err := terms.Render(doc.Text)
	if err != nil {
		return err
	}
	return s.render(w, r, v, web.View{Template: "proof", Title: "proof." + a.Kind + ".title", TitleVars: []string{"version", a.Version}, Data: proofPage{
		Kind: a.Kind, Version: a.Version, Published: text.Date(doc.PublishedAt.Time()), HTML: html, SHA256: a.SHA256,
		Accepted: text.DateTime(a.AcceptedAt.Time()), Name: v.User.Name(), Identifier: account.FormatIdentifier(v.User.Identifier),
		Number: v.Account.Number, CompanyName: v.Account.CompanyName}})
}
