package signin

import (
	"net/http"

	"loge/provider/account"
	"loge/provider/web"
	"loge/storage"
)

type accountPage struct {
	Flow        string
	Name        string
	Number      string
	Department  string
	CompanyName string // organisations only
	Role        string
	Identifier  string
	Ready       bool // right after the first sign-in
	Services    []service
}

// Home is Mon Compte Partenaire, for those who have finished the sign-in.
func (s *Signin) Home(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
		page := accountPage{Name: v.User.Name(), Number: v.Account.Number, Department: v.Account.Department, Role: v.User.Role,
			Identifier: account.FormatIdentifier(v.User.Identifier), Ready: v.activatedNow()}
		if v.Account.Kind == storage.Organisation {
			page.CompanyName = v.Account.CompanyName
		}
		var err error
		if page.Services, err = s.services(r.Context(), v.User); err != nil {
			return err
		}
		return s.render(w, r, v, web.View{Template: "account", Data: page})
	})
}
