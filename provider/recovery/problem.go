package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"loge/provider/account"
	"loge/provider/secret"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// walkLife is how long after the last step a browser's walk is the same one.
const walkLife = time.Hour

type problemPage struct {
	Key        string // beginning of the page's texts
	Action     string // where the form posts to
	Back       string // the question before
	Paragraphs []string
	Choices    []choice
	Chosen     string
	Letters    bool // the form asks for the post code, not for the e-mail address
	Example    bool
	Contact    bool
	Reference  string // « CDFGH-JKMNP », "" when there is none
	Nothing    bool   // what to do when no mail comes
	Typed      string
	Ways       []choice
}

// choice is a way as a page shows it: the key of its text, and its value or address.
type choice struct{ Key, Value string }

// Problem shows one page of « Problème de connexion ».
func (h *Recovery) Problem(w http.ResponseWriter, r *http.Request) error {
	n, ok := at(mux.Vars(r)["etape"])
	if !ok {
		return web.NotFound()
	}
	// The first page gives the browser what its walk will be found by.
	if _, err := h.Sessions.Browser(w, r); err != nil {
		return err
	}
	return h.showProblem(w, r, n, http.StatusOK, nil, nil)
}

func (h *Recovery) showProblem(w http.ResponseWriter, r *http.Request, n node, status int, faults web.FieldErrors, typed url.Values) error {
	walk, err := h.walk(w, r, n.Name, n.Contact)
	if err != nil {
		return err
	}
	shown, err := h.typed(r)
	if err != nil {
		return err
	}
	page := problemPage{Key: "problem." + n.Name, Action: way{To: n.Name}.address(), Back: n.before(), Chosen: typed.Get("choix"),
		Letters: n.Form == askLetters || n.Form == askLettersAll, Example: n.Example, Contact: n.Contact, Nothing: n.Typed, Typed: shown}
	if n.Contact && walk.Reference != "" {
		page.Reference = walk.Reference[:5] + "-" + walk.Reference[5:]
	}
	for i := 1; h.Pages.Texts.Has(page.Key + ".p" + strconv.Itoa(i)); i++ {
		page.Paragraphs = append(page.Paragraphs, page.Key+".p"+strconv.Itoa(i))
	}
	for _, c := range n.Choices {
		page.Choices = append(page.Choices, choice{page.Key + "." + c.Name, c.Name})
	}
	for _, to := range n.Ways {
		page.Ways = append(page.Ways, choice{"problem.to." + to.Name, to.address()})
	}
	template := "problemtext"
	switch {
	case len(n.Choices) > 0:
		template = "problem"
	case n.Form != "":
		template = "problemform"
	}
	return h.Pages.Render(w, r, web.View{Template: template, Title: page.Key + ".h1", Status: status, Errors: faults, Values: typed, Data: page})
}

// SubmitProblem takes an answer or a form of « Problème de connexion ».
func (h *Recovery) SubmitProblem(w http.ResponseWriter, r *http.Request) error {
	n, ok := at(mux.Vars(r)["etape"])
	if !ok {
		return web.NotFound()
	}
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	if n.Form != "" {
		return h.submitRequest(w, r, n, form)
	}
	if len(n.Choices) == 0 {
		web.SeeOther(w, r, way{To: n.Name}.address())
		return nil
	}
	for _, c := range n.Choices {
		if c.Name == form.Get("choix") {
			if _, err := h.walk(w, r, n.Name, true); err != nil {
				return err
			}
			web.SeeOther(w, r, c.address())
			return nil
		}
	}
	key := "problem.error.choice"
	if n.Path == "" {
		key = "problem.error.problem"
	}
	return h.showProblem(w, r, n, http.StatusUnprocessableEntity, web.FieldErrors{{Field: "choix", Key: key}}, form)
}

// submitRequest takes a form that asks for a mail or for letters.
func (h *Recovery) submitRequest(w http.ResponseWriter, r *http.Request, n node, form url.Values) error {
	var typed wish
	var faults web.FieldErrors
	var email string
	number, fault := typedNumber(form)
	if typed.Number = number; fault != nil {
		faults = append(faults, *fault)
	}
	if n.Form == askLetters || n.Form == askLettersAll {
		if typed.PostCode, fault = typedPostCode(form); fault != nil {
			faults = append(faults, *fault)
		}
	} else if email, typed.EmailKey, fault = typedEmail(form); fault != nil {
		faults = append(faults, *fault)
	}
	if len(faults) > 0 {
		return h.showProblem(w, r, n, http.StatusUnprocessableEntity, faults, form)
	}
	walk, err := h.walk(w, r, n.Name, true)
	if err != nil {
		return err
	}
	d, err := h.ask(r.Context(), h.address(r), n.Form, walk.ID, typed)
	if err != nil {
		return err
	}
	if !d.Allowed {
		return h.showProblem(w, r, n, http.StatusTooManyRequests, tooMany(w, d), form)
	}
	next := way{To: n.Sent}.address()
	if email != "" {
		if next, err = h.shown(next, email); err != nil {
			return err
		}
	}
	web.SeeOther(w, r, next)
	return nil
}

// walk notes the step in the browser's walk and returns the walk. Without one it
// begins one if asked to; a browser, or a network address, that begins too many
// gets none and goes on without.
func (h *Recovery) walk(w http.ResponseWriter, r *http.Request, step string, begin bool) (p storage.Problem, err error) {
	ctx, now := r.Context(), h.Now()
	browser, known := h.Sessions.BrowserOf(r)
	if known {
		p, err = h.DB.ProblemOfBrowser(ctx, browser, storage.At(now.Add(-walkLife)))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return p, fmt.Errorf("load walk: %w", err)
		}
	}
	if p.ID != "" {
		err := h.DB.InTx(ctx, func(q *storage.Queries) error { return q.StepProblem(ctx, p.ID, step, storage.At(now)) })
		if err != nil {
			return p, fmt.Errorf("note step: %w", err)
		}
		return p, nil
	}
	if !begin || !known {
		return storage.Problem{}, nil
	}
	p = storage.Problem{ID: storage.NewID(), Reference: secret.RandomText(secret.Signs, 10), BrowserHash: browser, Path: step,
		CreatedAt: storage.At(now), SeenAt: storage.At(now)}
	return h.begin(ctx, h.address(r), p)
}

func (h *Recovery) begin(ctx context.Context, address string, p storage.Problem) (storage.Problem, error) {
	allowed := false
	err := h.DB.InTx(ctx, func(q *storage.Queries) error {
		d, err := throttle.Walk(ctx, q, address, h.Now())
		if allowed = d.Allowed; err != nil || !allowed {
			return err
		}
		return q.CreateProblem(ctx, p)
	})
	if err != nil {
		return p, fmt.Errorf("begin walk: %w", err)
	}
	if !allowed {
		return storage.Problem{}, nil
	}
	return p, nil
}

func typedNumber(form url.Values) (string, *web.FieldError) {
	typed := form.Get("numero")
	number, err := account.NormalizeNumber(typed)
	wrong, _ := errors.AsType[*account.NumberError](err)
	switch {
	case strings.TrimSpace(typed) == "":
		return "", &web.FieldError{Field: "numero", Key: "problem.error.number_missing"}
	case wrong != nil && wrong.Sign != 0:
		return "", &web.FieldError{Field: "numero", Key: "problem.error.number_sign"}
	case wrong != nil:
		return "", &web.FieldError{Field: "numero", Key: "problem.error.number_length", Vars: []string{"n", strconv.Itoa(wrong.Typed)}}
	}
	return number, nil
}

var fiveDigits = regexp.MustCompile(`^[0-9]{5}$`)

func typedPostCode(form url.Values) (string, *web.FieldError) {
	code := strings.Join(strings.Fields(form.Get("code_postal")), "")
	switch {
	case code == "":
		return "", &web.FieldError{Field: "code_postal", Key: "problem.error.post_code_missing"}
	case !fiveDigits.MatchString(code):
		return "", &web.FieldError{Field: "code_postal", Key: "problem.error.post_code_wrong"}
	}
	return code, nil
}
