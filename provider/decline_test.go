package provider_test

import (
	"testing"

	"loge/provider/providertest"
	"loge/storage"
)

// Of somebody who did not want to become administrator nothing is stored but
// what the journal says, and the agency may still correct whom it wrote to.
func TestNothingIsStoredOfWhoDeclines(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	db := outside(t, w.Provider)
	// The journal; what counts attempts; the application's own request, which waits for the next person.
	except := []string{"audit", "audit_head", "throttles", "failures", "flows"}
	before := dump(t, db, except...)
	page := w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	expect(t, page, onAdministrator)
	if dump(t, db, except...) == before {
		t.Fatal("the dump does not see a sign-in")
	}
	expect(t, page.Press("Ce n’est pas à moi de le faire"), "Rien n’a été enregistré")
	if after := dump(t, db, except...); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	for _, table := range []string{"throttles", "failures"} {
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM ` + table + ` WHERE key LIKE '%' || (SELECT id FROM users) || '%'`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s counts %d of that person, %v", table, n, err)
		}
	}
	u := userOf(t, w.Provider, identifier)
	events, err := w.DB.AuditOf(t.Context(), u.ID, 2)
	if err != nil || len(events) != 2 || events[0].Action != "administrator.declined" || events[1].Action != "signin.succeeded" {
		t.Errorf("journal: %v, %v", events, err)
	}
	w.Import("45675320380003;moral;69;Habitat des Rives;12345678900011;Mme;Claire;Vidal;contact@rives.example;3 quai du Port;69001 Lyon;;;;;")
	if u := userOf(t, w.Provider, identifier); u.Name() != "Claire Vidal" {
		t.Errorf("the agency can no longer say who it is for: %q", u.Name())
	}
}

// Who began the first sign-in and then turned back loses nothing of it.
func TestDecliningInAnotherBrowserKeepsWhatWasBegun(t *testing.T) {
	t.Parallel()
	w, partner := organisation(t, house)
	identifier, provisional := w.Credentials("contact@rives.example")
	open := func() *providertest.Page {
		return w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
	}
	w.walk(open(), onEmail)
	begun := userOf(t, w.Provider, identifier)
	expect(t, open().Press("Ce n’est pas à moi de le faire"), "Rien n’a été enregistré")
	if u := userOf(t, w.Provider, identifier); u.DetailsAt != begun.DetailsAt || u.LastSignInAt.IsZero() || u.State != storage.StateIssued {
		t.Errorf("user is %+v", u)
	}
}

// class 17: at its end and later a provisional password makes nobody
// administrator, not even who agreed while it could be used.
func TestRoleIsNotTakenWithAnExpiredPassword(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			w, partner := organisation(t, house)
			identifier, provisional := w.Credentials("contact@rives.example")
			u := userOf(t, w.Provider, identifier)
			live, err := w.DB.LiveProvisionals(t.Context(), u.ID, storage.At(w.Clock.Now()))
			if err != nil || len(live) != 1 {
				t.Fatalf("%d live provisional passwords, %v", len(live), err)
			}
			set(t, w.Clock, live[0].ExpiresAt-600)
			page := w.walk(w.Browser().Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional), onPassword)
			set(t, w.Clock, live[0].ExpiresAt+m.after)
			page = page.Submit("nouveau_mot_de_passe", w.password)
			a, err := w.DB.Account(t.Context(), u.AccountID)
			if err != nil {
				t.Fatal(err)
			}
			u = userOf(t, w.Provider, identifier)
			if m.live {
				if expect(t, page, onRules); u.Role != storage.RoleAdministrator || a.ClaimedAt.IsZero() {
					t.Errorf("role %s, claimed at %d", u.Role, a.ClaimedAt)
				}
				return
			}
			if expect(t, page, "Ce mot de passe provisoire n’est plus valable"); u.Role != storage.RoleMember || !a.ClaimedAt.IsZero() || u.PasswordHash != "" {
				t.Errorf("role %s, claimed at %d", u.Role, a.ClaimedAt)
			}
		})
	}
}
