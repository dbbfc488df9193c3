package provider_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"loge/provider/providertest"
)

// class 7: known, unknown, suspended and never used accounts cannot be told apart
// by how long a wrong password takes: 2,000 tries each, interleaved. The
// statistic is printed (Mann–Whitney, as a standard score and as the chance that
// one try takes longer than one of an unknown identifier); only a gross
// difference fails, because a busy machine is no fault.
func TestTimeOfAnswersTellsNothing(t *testing.T) {
	p := providertest.Start(t, providertest.Options{Change: behindProxy})
	identifiers := strangers(t, p)
	for _, name := range slices.Collect(maps.Keys(identifiers)) {
		if !slices.Contains([]string{"known", "unknown", "suspended", "never activated"}, name) {
			delete(identifiers, name)
		}
	}
	tries := 2000
	if testing.Short() {
		tries = 200
	}
	db := outside(t, p)
	names := slices.Sorted(maps.Keys(identifiers))
	times := map[string][]float64{}
	page := p.Browser().Get(p.URL + "/connexion")
	b := p.Browser()
	b.Get(p.URL + "/connexion")
	for i := range tries {
		if i%4 == 0 { // within the free failures
			execute(t, db, `DELETE FROM failures`)
			execute(t, db, `DELETE FROM throttles`)
		}
		for j := range names {
			name := names[(i+j)%len(names)]
			address, form := fill(page, "identifiant", identifiers[name], "mot_de_passe", fmt.Sprintf("mot de passe faux %d", i))
			start := time.Now()
			a := post(b, address, form)
			times[name] = append(times[name], float64(time.Since(start)))
			if a.err != nil || a.status != 422 {
				t.Fatalf("%s: %+v", name, a)
			}
		}
	}
	for _, name := range names {
		chance, score := mannWhitney(times[name], times["unknown"])
		slices.Sort(times[name])
		t.Logf("%-16s median %v, longer than unknown with probability %.3f, z = %+.2f", name, time.Duration(times[name][len(times[name])/2]).Round(time.Microsecond), chance, score)
		if chance < 0.35 || chance > 0.65 {
			t.Errorf("%s takes another time than unknown: probability %.3f", name, chance)
		}
	}
}

// class 7: the same of « Mot de passe oublié » and of the forms of « Problème de
// connexion », 500 tries each and without anybody to answer them meanwhile.
func TestTimeOfRequestsTellsNothing(t *testing.T) {
	p := providertest.Start(t, providertest.Options{Change: behindProxy})
	strangers(t, p)
	people := map[string][2]string{"known": {"45675320380030", "active0@exemple.fr"}, "suspended": {"45675320380031", "active1@exemple.fr"},
		"never activated": {"45675320380022", "never@exemple.fr"}, "unknown": {"45675320389999", "nobody@exemple.fr"}}
	names := slices.Sorted(maps.Keys(people))
	tries := 500
	if testing.Short() {
		tries = 100
	}
	db := outside(t, p)
	b := p.Browser()
	for _, path := range []string{"/mot-de-passe-oublie", problem + "/retrouver-identifiant", problem + "/codes-par-e-mail", problem + "/courrier"} {
		times := map[string][]float64{}
		page := b.Get(p.URL + path)
		for i := range tries {
			execute(t, db, `DELETE FROM throttles`)
			execute(t, db, `DELETE FROM help_requests`)
			for j := range names {
				name := names[(i+j)%len(names)]
				address, form := fill(page, "numero", people[name][0], "email", people[name][1], "code_postal", "69003")
				start := time.Now()
				a := post(b, address, form)
				times[name] = append(times[name], float64(time.Since(start)))
				if a.err != nil || a.status != 303 {
					t.Fatalf("%s, %s: %+v", path, name, a)
				}
			}
		}
		for _, name := range names {
			chance, score := mannWhitney(times[name], times["unknown"])
			t.Logf("%s: %-16s longer than unknown with probability %.3f, z = %+.2f", path, name, chance, score)
			if chance < 0.35 || chance > 0.65 {
				t.Errorf("%s: %s takes another time than unknown: probability %.3f", path, name, chance)
			}
		}
	}
}

// mannWhitney returns the probability that one of a is greater than one of b, and
// the standard score of that under the hypothesis that both are alike.
func mannWhitney(a, b []float64) (probability, score float64) {
	b = slices.Sorted(slices.Values(b))
	u := 0.0
	for _, x := range a {
		below, _ := slices.BinarySearch(b, x)
		u += float64(below)
		for i := below; i < len(b) && b[i] == x; i++ {
			u += .5
		}
	}
	n, m := float64(len(a)), float64(len(b))
	return u / (n * m), (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}
