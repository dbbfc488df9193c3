package provider_test

import (
	"fmt"
	"sync"
	"testing"

	"loge/provider/providertest"
	"loge/storage/storagetest"
)

// Sixteen people, four of them by letter, go through their first sign-in at the
// same time, while the mails with their codes leave: each arrives as himself.
func TestCrowdOfFirstSignIns(t *testing.T) {
	storagetest.ForEachURL(t, func(t *testing.T, database string) {
		p := providertest.NewOn(t, database)
		t.Cleanup(func() { ourFaults(t, p) })
		partner := p.Partner()
		const people = 16
		var rows []string
		for i := range people {
			address := fmt.Sprintf("personne%d@exemple.fr", i)
			if i%4 == 3 {
				address = "" // by letter
			}
			rows = append(rows, fmt.Sprintf("456753203801%02d;physique;69;;;Mme;Prénom%d;Nom%d;%s;%d rue A;69003 Lyon;;;;;", i, i, i, address, i+1))
		}
		if report := p.Import(rows...); report.Created != people {
			t.Fatalf("import: %+v", report)
		}
		p.Deliver()
		p.Deliver()
		printed := map[string][]string{}
		for _, l := range p.Print() {
			printed[l.Number] = append(printed[l.Number], l.Secret)
		}
		var wg sync.WaitGroup
		for i := range people {
			identifier, provisional := providertest.ReadCredentials(p.MailsTo(fmt.Sprintf("personne%d@exemple.fr", i)))
			w := visitor(t, p)
			if i%4 == 3 {
				for number, secrets := range printed {
					if number[len(number)-14:] == fmt.Sprintf("456753203801%02d", i) && len(secrets) == 2 {
						identifier, provisional = secrets[0], secrets[1]
					}
				}
				w.email = fmt.Sprintf("par.lettre%d@exemple.fr", i)
			}
			wg.Go(func() {
				page := providertest.NewBrowser(t).Get(partner.URL+"/login").Submit("identifiant", identifier, "mot_de_passe", provisional)
				w.walk(page, onPartner)
			})
		}
		wg.Wait()
		names := map[any]bool{}
		for _, result := range partner.All() {
			if result.Err != nil || result.Error != "" {
				t.Errorf("the application got %s", result)
			}
			if result.Claims["sub"] != nil {
				names[result.UserInfo["given_name"]] = true
			}
		}
		if len(names) != people || partner.Results() != people {
			t.Errorf("%d people arrived, %d times: %v", len(names), partner.Results(), names)
		}
		if _, err := p.DB.VerifyAudit(t.Context()); err != nil {
			t.Errorf("the journal: %v", err)
		}
	})
}
