package signin

import (
	"errors"
	"fmt"
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
	Offered     bool // the administrator's role, by another one
}

// Home is Mon Compte Partenaire, for those who have finished the sign-in.
func (s *Signin) Home(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Done, func(w http.ResponseWriter, r *http.Request, v visit) error {
		page := accountPage{Name: v.User.Name(), Number: v.Account.Number, Department: v.Account.Department, Role: v.User.Role,
			Identifier: account.FormatIdentifier(v.User.Identifier), Ready: v.activatedNow()}
		if v.Account.Kind == storage.Organisation {
			page.CompanyName = v.Account.CompanyName
		}
		offer, err := s.DB.RoleOfferOf(r.Context(), v.Account.ID, storage.At(s.Now()))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("load offer of the role: %w", err)
		}
		page.Offered = offer.ToID == v.User.ID
		if page.Services, err = s.services(r.Context(), v.User); err != nil {
			return err
		}
		return s.render(w, r, v, web.View{Template: "account", Data: page})
	})
}
