package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"loge/provider/letter"
	"loge/storage"
)

// mailbox shows the e-mails and letters that have left the provider, to each
// person their own.
type mailbox struct {
	mails   string // folder of .eml files
	letters string // folder of printed letters
	partner string // the partner's address
	db      *storage.DB
}

// item is one e-mail or one letter, as the pages show it.
type item struct {
	ID      string
	Subject string
	From    string
	To      string
	When    string
	Text    string         // of an e-mail
	PDF     string         // file of a letter
	Letter  *letter.Letter // nil for an e-mail
	order   int64
}

// Handler serves the mailbox's pages.
func (m *mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.home)
	mux.HandleFunc("GET /{person}", m.person)
	mux.HandleFunc("GET /adresse", m.otherAddress)
	mux.HandleFunc("GET /message/{file}", m.html)
	mux.HandleFunc("GET /courrier/{file}", m.pdf)
	return surround(mux)
}

func (m *mailbox) home(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Person
		Count string
	}
	data := struct {
		Partner string
		People  []entry
		Others  []string
	}{Partner: m.partner}
	var theirs []string
	for _, p := range People {
		emails := m.emails(r.Context(), p)
		theirs = append(theirs, emails...)
		data.People = append(data.People, entry{p, counted(m.itemsOf(p, emails))})
	}
	for _, mail := range m.readMails() {
		if !slices.Contains(theirs, mail.To) && !slices.Contains(data.Others, mail.To) {
			data.Others = append(data.Others, mail.To)
		}
	}
	render(w, http.StatusOK, "mailbox_home.html", data)
}

func (m *mailbox) person(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(People, func(p Person) bool { return p.Key == r.PathValue("person") })
	if i < 0 {
		render(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	p := People[i]
	m.show(w, p, m.itemsOf(p, m.emails(r.Context(), p)))
}

// otherAddress shows what went to an address that is nobody's any more.
func (m *mailbox) otherAddress(w http.ResponseWriter, r *http.Request) {
	address := r.URL.Query().Get("a")
	mails := slices.DeleteFunc(m.readMails(), func(i item) bool { return i.To != address })
	if len(mails) == 0 {
		render(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	newestFirst(mails)
	m.show(w, Person{Name: address}, mails)
}

func (m *mailbox) show(w http.ResponseWriter, p Person, items []item) {
	render(w, http.StatusOK, "mailbox_person.html", struct {
		Person
		Title   string
		Partner string
		Items   []item
	}{p, p.Name + " – boîte aux lettres", m.partner, items})
}

// itemsOf returns the person's letters and e-mails, the newest first.
func (m *mailbox) itemsOf(p Person, emails []string) []item {
	items := slices.DeleteFunc(m.readMails(), func(i item) bool { return !slices.Contains(emails, i.To) })
	for _, read := range m.readLetters() {
		if slices.ContainsFunc(p.Numbers, func(number string) bool { return strings.Contains(read.Letter.Number, number) }) {
			items = append(items, read)
		}
	}
	newestFirst(items)
	return items
}

// emails returns the addresses that are the person's: those known from the
// start, and those typed during a sign-in.
func (m *mailbox) emails(ctx context.Context, p Person) []string {
	emails := slices.Clone(p.Emails)
	for _, number := range p.Numbers {
		found, err := m.typed(ctx, number)
		if err != nil {
			slog.Error("look up addresses for the mailbox", "error", err)
			continue
		}
		emails = append(emails, found...)
	}
	return emails
}

func counted(items []item) string {
	letters := 0
	for _, i := range items {
		if i.Letter != nil {
			letters++
		}
	}
	mails := len(items) - letters
	switch {
	case mails == 0 && letters == 0:
		return "Aucun message"
	case letters == 0:
		return plural(mails, "e-mail")
	case mails == 0:
		return plural(letters, "courrier")
	}
	return plural(letters, "courrier") + ", " + plural(mails, "e-mail")
}

func plural(n int, word string) string {
	if n > 1 {
		word += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", n, word)
}

// html serves the HTML part of an e-mail, walled in: no script, no request, and
// links open elsewhere.
func (m *mailbox) html(w http.ResponseWriter, r *http.Request) {
	body, err := readMailHTML(filepath.Join(m.mails, filepath.Base(r.PathValue("file"))+".eml"))
	if err != nil {
		render(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body) // the reader has gone: nothing to do about it
}

func (m *mailbox) pdf(w http.ResponseWriter, r *http.Request) {
	name := filepath.Base(r.PathValue("file"))
	if filepath.Ext(name) != ".pdf" {
		render(w, http.StatusNotFound, "missing.html", nil)
		return
	}
	http.ServeFile(w, r, filepath.Join(m.letters, name))
}
