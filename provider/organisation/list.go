package organisation

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

const (
	peoplePerPage = 50
	// maxSearch bounds what is searched for, in characters.
	maxSearch = 80
)

type listPage struct {
	CompanyName string
	Count       int // everybody
	People      []personLine
	Search      string
	Found       int // by the search
	Pages       pager
	ReviewDue   bool
	Reviewed    string // day of the last review, "" = never
	Offer       *offerLine
	Done        string
}

// personLine is one person in the list.
type personLine struct {
	ID, Name, Identifier, Email string
	Role, State                 string // ends of text keys
	LastSignIn                  string // day, "" = never
}

// pager leads to the pages beside.
type pager struct {
	At, Of         int
	Previous, Next string // addresses, "" = there is none
}

// List shows who has access.
func (o *Organisation) List(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(o.list)(w, r, v)
}

func (o *Organisation) list(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, now := r.Context(), o.Now()
	page := listPage{CompanyName: v.Account.CompanyName, Search: searched(r), Done: done(r, "retire", "revue", "annule", "role")}
	var err error
	if page.Count, err = o.DB.CountPeople(ctx, v.Account.ID, ""); err != nil {
		return fmt.Errorf("count people: %w", err)
	}
	page.Found = page.Count
	if page.Search != "" {
		if page.Found, err = o.DB.CountPeople(ctx, v.Account.ID, page.Search); err != nil {
			return fmt.Errorf("count people found: %w", err)
		}
	}
	page.Pages = paging(r, path, page.Found, page.Search)
	people, err := o.DB.PeopleOf(ctx, v.Account.ID, page.Search, storage.At(now), peoplePerPage, (page.Pages.At-1)*peoplePerPage)
	if err != nil {
		return fmt.Errorf("load people: %w", err)
	}
	for _, p := range people {
		page.People = append(page.People, line(p))
	}
	if page.Offer, err = o.offer(ctx, v); err != nil {
		return err
	}
	if page.ReviewDue, page.Reviewed = o.review(v.Account, now); page.Count < 2 {
		page.ReviewDue = false
	}
	return o.render(w, r, v, web.View{Template: "organisation", Data: page, TitleVars: []string{"raison_sociale", v.Account.CompanyName}})
}

// searched is what the address asks to search for.
func searched(r *http.Request) string {
	s := strings.Join(strings.Fields(r.URL.Query().Get("recherche")), " ")
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || utf8.RuneCountInString(s) > maxSearch {
		return ""
	}
	return s
}

// paging reads the page that the address asks for; one that does not exist is
// the nearest that does.
func paging(r *http.Request, path string, count int, search string) pager {
	p := pager{Of: max(1, (count+peoplePerPage-1)/peoplePerPage)}
	asked, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		asked = 1
	}
	p.At = min(max(asked, 1), p.Of)
	to := func(n int) string {
		q := url.Values{"page": {strconv.Itoa(n)}}
		if search != "" {
			q.Set("recherche", search)
		}
		return path + "?" + q.Encode()
	}
	if p.At > 1 {
		p.Previous = to(p.At - 1)
	}
	if p.At < p.Of {
		p.Next = to(p.At + 1)
	}
	return p
}

func line(p storage.Person) personLine {
	l := personLine{ID: p.ID, Name: p.Name(), Identifier: account.FormatIdentifier(p.Identifier), Email: p.Email, Role: p.Role, State: shownState(p)}
	if !p.LastSignInAt.IsZero() {
		l.LastSignIn = text.Date(p.LastSignInAt.Time())
	}
	return l
}

// shownState is the end of the key of a state's text.
func shownState(p storage.Person) string {
	if p.State == storage.StateIssued && !p.Invited {
		return "expired"
	}
	return p.State
}

// review says whether the list is to be looked through again, and when that was
// last done.
func (o *Organisation) review(a storage.Account, now time.Time) (due bool, last string) {
	every := o.Organisations.Review
	if every == 0 {
		return false, ""
	}
	from := a.ClaimedAt.Time()
	if !a.ReviewedAt.IsZero() {
		from, last = a.ReviewedAt.Time(), text.Date(a.ReviewedAt.Time())
	}
	return !now.Before(from.Add(every)), last
}

// SubmitReview notes that the list is right.
func (o *Organisation) SubmitReview(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		ctx := r.Context()
		err := o.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := q.Review(ctx, acting(v), storage.At(o.Now())); err != nil {
				return err
			}
			return q.Audit(ctx, o.event(v, "reviewed", "", nil))
		})
		if err != nil && !overtaken(err) {
			return fmt.Errorf("note the review: %w", err)
		}
		web.SeeOther(w, r, path+"?fait=revue")
		return nil
	})(w, r, v)
}
