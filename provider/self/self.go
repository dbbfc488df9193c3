package self

import (
	"net/http"
	"net/netip"
	"time"

	"loge/provider/config"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// Self is the pages of « Mon compte ». All fields but PasswordList are needed.
type Self struct {
	DB             *storage.DB
	Sessions       *session.Manager
	Pages          *web.Pages
	Hasher         *password.Hasher
	Master         secret.Master
	Service        config.Service
	Security       config.Security
	TrustedProxies []netip.Prefix
	PasswordList   *password.List // what nobody may choose; nil: the embedded one
	Now            func() time.Time
	// OwnPage returns an address to which somebody may be sent back, "" for all
	// that are not pages of signed-in people.
	OwnPage func(address string) string
	Wake    func() // has waiting messages leave at once
}

// path is the first page; the others return to it.
const path = "/compte"

// render shows a page of a signed-in person.
func (s *Self) render(w http.ResponseWriter, r *http.Request, v session.Visit, view web.View) error {
	return s.Pages.Render(w, r, v.Page(view))
}

// event is something the person did to his own access.
func (s *Self) event(v session.Visit, action string, details map[string]string) storage.AuditEvent {
	return storage.AuditEvent{At: storage.At(s.Now()), Actor: v.User.ID, Action: action, Subject: v.User.ID, Details: details}
}
