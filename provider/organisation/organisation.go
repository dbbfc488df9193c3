package organisation

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"loge/provider/account"
	"loge/provider/config"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// Organisation is the pages of « Mon organisme ». All fields are
// needed.
type Organisation struct {
	DB            *storage.DB
	Sessions      *session.Manager
	Pages         *web.Pages
	Security      config.Security
	Master        secret.Master // keys the e-mail codes
	Organisations config.Organisations
	Retention     config.Retention
	Now           func() time.Time
	Wake          func() // has waiting messages leave at once
}

// path is the first page; the others return to it.
const path = "/organisme"

// handler is a page of an administrator.
type handler = func(http.ResponseWriter, *http.Request, session.Visit) error

// administrator runs h for administrators of an organisation; for everybody else
// the page does not exist.
func administrator(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		if !account.Administers(v.User, v.Account.ID) || v.Account.Kind != storage.Organisation {
			return web.NotFound()
		}
		return h(w, r, v)
	}
}

// personHandler is a page about one person.
type personHandler = func(http.ResponseWriter, *http.Request, session.Visit, storage.Person) error

// person runs h with the person of the router's variable id, who is of the
// administrator's organisation; else there is no such page.
func (o *Organisation) person(h personHandler) handler {
	return administrator(func(w http.ResponseWriter, r *http.Request, v session.Visit) error {
		id := mux.Vars(r)["id"]
		if uuid.Validate(id) != nil {
			return web.NotFound()
		}
		p, err := o.DB.PersonOf(r.Context(), v.Account.ID, id, storage.At(o.Now()))
		if err != nil {
			return err
		}
		return h(w, r, v, p)
	})
}

// personPath is the page about somebody.
func personPath(id string) string { return path + "/personnes/" + id }

// render shows a page of a signed-in person.
func (o *Organisation) render(w http.ResponseWriter, r *http.Request, v session.Visit, view web.View) error {
	return o.Pages.Render(w, r, v.Page(view))
}

// acting is who acts.
func acting(v session.Visit) storage.Acting {
	return storage.Acting{AccountID: v.Account.ID, ActorID: v.User.ID}
}

// event is something done in the organisation; userID is to whom, "" to all.
func (o *Organisation) event(v session.Visit, action, userID string, details map[string]string) storage.AuditEvent {
	if details == nil {
		details = map[string]string{}
	}
	if userID != "" {
		details["user"] = userID
	}
	return storage.AuditEvent{At: storage.At(o.Now()), Actor: v.User.ID, Action: "organisation." + action, Subject: v.Account.ID, Details: details}
}

// overtaken says that an act found something else than the page had shown:
// somebody was faster, or the form was sent twice. Nothing was changed.
func overtaken(err error) bool {
	_, denied := errors.AsType[account.Refused](err)
	return denied || errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrLastAdministrator)
}

// done is what the address says was just done, if it is in the list.
func done(r *http.Request, known ...string) string {
	said := r.URL.Query().Get("fait")
	for _, one := range known {
		if said == one {
			return one
		}
	}
	return ""
}
