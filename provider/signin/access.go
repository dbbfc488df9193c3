package signin

import (
	"fmt"
	"net/http"

	"loge/provider/web"
	"loge/storage"
)

type accessPage struct {
	Flow        string
	Application string
	Reason      string // text key: who can give the right
}

// Access tells a person who holds no right in the application, and whom to ask.
// The request stays: with a right given meanwhile, a reload goes on.
func (s *Signin) Access(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Access, func(w http.ResponseWriter, r *http.Request, v visit) error {
		name, err := s.application(r.Context(), v.Flow)
		if err != nil {
			return err
		}
		reason := map[string]string{storage.RoleMember: "access.member", storage.RoleAdministrator: "access.administrator", storage.RoleHolder: "access.holder"}[v.User.Role]
		return s.render(w, r, v, web.View{Template: "access", Status: http.StatusForbidden, TitleVars: []string{"application", name},
			Data: accessPage{Flow: v.request(), Application: name, Reason: reason}})
	})
}

// SubmitAccess goes back to the application, which is told access_denied.
func (s *Signin) SubmitAccess(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Access, func(w http.ResponseWriter, r *http.Request, v visit) error {
		ctx := r.Context()
		err := s.DB.InTx(ctx, func(q *storage.Queries) error {
			if err := q.SetFlowDenied(ctx, v.Flow.ID, storage.At(s.Now())); err != nil {
				return err
			}
			return q.Audit(ctx, s.event(v.User, "access.missing", map[string]string{"client": v.Flow.ClientID}))
		})
		if err != nil {
			return fmt.Errorf("give up the request: %w", err)
		}
		return s.onward(w, r, v)
	})
}
