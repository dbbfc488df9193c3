package organisation

import (
	"errors"
	"fmt"
	"net/http"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

const handOverPath = path + "/passer-le-role"

type handOverPage struct {
	Person *personLine  // who is to have the role; nil: to be chosen
	People []personLine // to choose from
	Count  int          // everybody who may be chosen
	Search string
	Found  int // by the search
	Pages  pager
	Offer  *offerLine
}

// HandOver asks to whom to pass one's role, and what to keep.
func (o *Organisation) HandOver(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		id := r.URL.Query().Get("personne")
		if id == "" {
			return o.showHeirs(w, r, v, nil)
		}
		p, err := o.DB.PersonOf(r.Context(), v.Account.ID, id, storage.At(o.Now()))
		switch {
		case err != nil && !errors.Is(err, storage.ErrNotFound):
			return fmt.Errorf("load person: %w", err)
		case err != nil || account.MayDo(account.HandOver, v.User, p.User, false) != nil:
			return o.showHeirs(w, r, v, web.FieldErrors{{Key: "organisation.error.no_person"}})
		}
		return o.showHandOver(w, r, v, p, nil)
	})(w, r, v)
}

// showHandOver asks what to keep when p has the role.
func (o *Organisation) showHandOver(w http.ResponseWriter, r *http.Request, v session.Visit, p storage.Person, faults web.FieldErrors) error {
	person := line(p)
	page := handOverPage{Person: &person}
	var err error
	if page.Offer, err = o.offer(r.Context(), v); err != nil {
		return err
	}
	return o.render(w, r, v, web.View{Template: "organisation_handover", Data: page, Errors: faults, Values: v.Form})
}

// showHeirs lists the people to choose from, a page at a time, and searches.
func (o *Organisation) showHeirs(w http.ResponseWriter, r *http.Request, v session.Visit, faults web.FieldErrors) error {
	ctx, page := r.Context(), handOverPage{Search: searched(r)}
	var err error
	if page.Count, err = o.DB.CountHeirs(ctx, v.Account.ID, ""); err != nil {
		return fmt.Errorf("count people to choose from: %w", err)
	}
	page.Found = page.Count
	if page.Search != "" {
		if page.Found, err = o.DB.CountHeirs(ctx, v.Account.ID, page.Search); err != nil {
			return fmt.Errorf("count people found: %w", err)
		}
	}
	page.Pages = paging(r, handOverPath, page.Found, page.Search)
	people, err := o.DB.HeirsOf(ctx, v.Account.ID, page.Search, storage.At(o.Now()), peoplePerPage, (page.Pages.At-1)*peoplePerPage)
	if err != nil {
		return fmt.Errorf("load people to choose from: %w", err)
	}
	for _, p := range people {
		page.People = append(page.People, line(p))
	}
	if page.Offer, err = o.offer(ctx, v); err != nil {
		return err
	}
	return o.render(w, r, v, web.View{Template: "organisation_handover", Data: page, Errors: faults})
}

type offerPage struct {
	ID, Name string
	Keeps    string
}

// SubmitHandOver shows what is about to happen, and with confirme=oui has it
// happen.
func (o *Organisation) SubmitHandOver(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		ctx, id, keeps := r.Context(), v.Form.Get("personne"), v.Form.Get("garder")
		p, err := o.DB.PersonOf(ctx, v.Account.ID, id, storage.At(o.Now()))
		switch {
		case err != nil && !errors.Is(err, storage.ErrNotFound):
			return fmt.Errorf("load person: %w", err)
		case err != nil || account.MayDo(account.HandOver, v.User, p.User, false) != nil:
			return o.showHeirs(w, r, v, web.FieldErrors{{Key: "organisation.error.no_person"}})
		case keeps != storage.KeepsAccess && keeps != storage.KeepsNothing:
			return o.showHandOver(w, r, v, p, web.FieldErrors{{Field: "garder", Key: "organisation.error.keeps"}})
		}
		if v.Form.Get("confirme") != "oui" {
			return o.render(w, r, v, web.View{Template: "organisation_offer", Data: offerPage{p.ID, p.Name(), keeps}, TitleVars: []string{"nom", p.Name()}})
		}
		return o.make(w, r, v, p, keeps)
	})(w, r, v)
}
