package self

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

type detailsPage struct {
	Organisation bool // its people have a fonction
}

// Details asks for names, telephone and fonction, filled in with what is known.
func (s *Self) Details(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return s.showDetails(w, r, v, nil, url.Values{"prenom": {v.User.GivenName}, "nom": {v.User.FamilyName},
		"telephone": {v.User.Phone}, "fonction": {v.User.JobTitle}})
}

func (s *Self) showDetails(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors, typed url.Values) error {
	return s.render(w, r, v, web.View{Template: "selfdetails", Errors: faults, Values: typed,
		Data: detailsPage{Organisation: v.Account.Kind == storage.Organisation}})
}

// SubmitDetails saves them. The journal says which have changed, not how.
func (s *Self) SubmitDetails(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	details, wrong := account.Details(v.Form.Get, v.Account.Kind == storage.Organisation)
	var faults web.FieldErrors
	for _, f := range wrong {
		faults = append(faults, web.FieldError{Field: f.Field, Key: f.Key})
	}
	if len(faults) > 0 {
		return s.showDetails(w, r, v, faults, v.Form)
	}
	if changed := changes(v.User, details); changed != "" {
		ctx := r.Context()
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := q.SaveDetails(ctx, v.User.ID, details, storage.At(s.Now())); err != nil {
				return err
			}
			return q.Audit(ctx, s.event(v, "details.changed", map[string]string{"fields": changed}))
		})
		if err != nil {
			return fmt.Errorf("save details: %w", err)
		}
	}
	web.SeeOther(w, r, path+"?fait=renseignements")
	return nil
}

// changes names the fields that differ, as a list.
func changes(u storage.User, d storage.Details) string {
	var names []string
	for _, f := range []struct{ name, was, is string }{
		{"given name", u.GivenName, d.GivenName}, {"family name", u.FamilyName, d.FamilyName}, {"phone", u.Phone, d.Phone}, {"job title", u.JobTitle, d.JobTitle},
	} {
		if f.was != f.is {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}
