package signin

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"

	"github.com/gorilla/mux"

	"loge/provider/terms"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// document is what rules.go and terms.go share: a text and its acceptance.
type document struct {
	*Signin
	kind string // storage.Rules or storage.Terms
	step Step
	n    int // step of the first sign-in
}

func (s *Signin) rules() document { return document{s, storage.Rules, Rules, 3} }
func (s *Signin) terms() document { return document{s, storage.Terms, Terms, 4} }

type documentPage struct {
	stepPage
	Kind        string
	Version     string
	Date        string // since when it applies
	HTML        template.HTML
	Changed     bool // an earlier version was accepted
	Summary     string
	CompanyName string // in whose name, organisations only
	DocumentID  string
}

func (d document) show(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.page(w, r, v, nil)
}

func (d document) page(w http.ResponseWriter, r *http.Request, v visit, faults web.FieldErrors) error {
	item, _ := v.pending(d.kind)
	doc, html, err := d.load(r, item.Document.ID)
	if err != nil {
		return err
	}
	page := documentPage{stepPage: v.page(d.n), Kind: d.kind, Version: doc.Version, Date: text.Date(doc.PublishedAt.Time()), HTML: html,
		Changed: item.Changed, Summary: doc.Summary, DocumentID: doc.ID}
	view := web.View{Template: "document", Title: "title." + d.kind, Errors: faults}
	if item.Changed {
		page.Step = 0
		view.Title = "document." + d.kind + ".changed"
	}
	if v.Account.Kind == storage.Organisation {
		page.CompanyName = v.Account.CompanyName
	}
	view.Data = page
	return d.render(w, r, v, view)
}

func (d document) load(r *http.Request, id string) (storage.Document, template.HTML, error) {
	doc, err := d.DB.Document(r.Context(), id)
	if err != nil {
		return doc, "", fmt.Errorf("load document: %w", err)
	}
	html, err := terms.Render(doc.Text)
	return doc, html, err
}

// accept stores the proof. It is for the text that was on the page: when a newer
// one was published meanwhile, that one is shown.
func (d document) accept(w http.ResponseWriter, r *http.Request, v visit) error {
	item, _ := v.pending(d.kind)
	if v.Form.Get("document") != item.Document.ID {
		web.SeeOther(w, r, v.with(d.step.path()))
		return nil
	}
	if v.Form.Get("accepte") != "oui" {
		return d.page(w, r, v, web.FieldErrors{{Field: "accepte", Key: "document.error." + d.kind}})
	}
	ctx := r.Context()
	doc, err := d.DB.Document(ctx, item.Document.ID)
	if err != nil {
		return fmt.Errorf("load document: %w", err)
	}
	proof, err := terms.Proof(doc, v.User, d.Now())
	if err != nil {
		return err
	}
	err = d.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.Accept(ctx, proof); err != nil {
			return err
		}
		return q.Audit(ctx, d.event(v.User, "document.accepted",
			map[string]string{"kind": doc.Kind, "version": doc.Version, "sha256": doc.SHA256}))
	})
	if err != nil {
		return fmt.Errorf("store acceptance: %w", err)
	}
	return d.onward(w, r, v)
}

type textPage struct {
	Flow    string
	Kind    string
	Version string
	Date    string
	HTML    template.HTML
}

// address is what a kind and a version look like in /textes/KIND/VERSION.
var address = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$`)

// Text shows any version that was ever published, to anybody. It reads the
// router's variables kind and version.
func (s *Signin) Text(w http.ResponseWriter, r *http.Request) error {
	kind, version := mux.Vars(r)["kind"], mux.Vars(r)["version"]
	if !address.MatchString(kind) || !address.MatchString(version) {
		return web.NotFound()
	}
	doc, err := s.DB.DocumentByVersion(r.Context(), kind, version)
	if errors.Is(err, storage.ErrNotFound) {
		return web.NotFound()
	}
	if err != nil {
		return fmt.Errorf("load document: %w", err)
	}
	html, err := terms.Render(doc.Text)
	if err != nil {
		return err
	}
	return s.Pages.Render(w, r, web.View{Template: "text", Title: "text." + kind + ".about", TitleVars: []string{"version", version},
		Data: textPage{Kind: kind, Version: version, Date: text.Date(doc.PublishedAt.Time()), HTML: html}})
}
