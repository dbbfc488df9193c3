package operator

import (
	"context"
	"errors"

	"loge/provider/account"
	"loge/storage"
)

// plan is what a batch means for the accounts that exist.
type plan struct {
	create    []storage.Landlord
	update    []update
	unchanged int
	refused   []Refusal
	claims    map[claim]int // what these rows take for themselves → line
}

// update is one stored account as it will be.
type update struct {
	landlord storage.Landlord
	agency   bool // the agency's data changes
	person   bool // names, e-mail or channel change
}

func (p plan) updated() int { return len(p.update) }
func (p plan) writes() bool { return len(p.create)+len(p.update) > 0 }

// stored is what the database has to say about a batch.
type stored struct {
	landlords   map[string]storage.Landlord // by number
	emails      map[string]string           // case-folded address → user id
	identifiers map[string]string           // identifier → user id
}

// plan reads what is stored and decides row by row. It only reads.
func (run *importRun) plan(ctx context.Context, rows []candidate) (plan, error) {
	var numbers, emails, identifiers []string
	for _, c := range rows {
		numbers = append(numbers, c.says.Account.Number)
		if c.says.User.EmailKey != "" {
			emails = append(emails, c.says.User.EmailKey)
		}
		if c.says.User.Identifier != "" {
			identifiers = append(identifiers, c.says.User.Identifier)
		}
	}
	var s stored
	var failed [3]error
	s.landlords, failed[0] = run.DB.Landlords(ctx, numbers)
	s.emails, failed[1] = run.DB.TakenEmails(ctx, emails)
	s.identifiers, failed[2] = run.DB.TakenIdentifiers(ctx, identifiers)
	if err := errors.Join(failed[:]...); err != nil {
		return plan{}, err
	}
	p := plan{claims: make(map[claim]int, 2*len(rows))}
	for _, c := range rows {
		if faults := run.decide(&p, s, c); len(faults) > 0 {
			p.refused = append(p.refused, refusal(c, faults...))
		}
	}
	return p, nil
}

// decide puts one row into the plan, or says why not.
func (run *importRun) decide(p *plan, s stored, c candidate) faults {
	was, known := s.landlords[c.says.Account.Number]
	will := c.says
	if known {
		will = run.header.merge(was, c.says)
	}
	f := complete(will)
	if known {
		f = append(f, unchangeable(was, c.says)...)
	}
	mine := claims(will)
	for _, claim := range mine {
		if line := run.line(*p, claim); line > 0 {
			f.add("%s déjà à la ligne %d du fichier", claim.name(), line)
		}
	}
	// An address somebody signed in with was checked when she gave it.
	if owner, taken := s.emails[will.User.EmailKey]; taken && owner != was.User.ID {
		f.add("adresse e-mail déjà utilisée par un autre compte")
	}
	if owner, taken := s.identifiers[c.says.User.Identifier]; taken && owner != was.User.ID {
		f.add("identifiant déjà attribué à un autre compte")
	}
	if len(f) > 0 {
		return f
	}
	for _, claim := range mine {
		p.claims[claim] = c.line
	}
	if !known {
		p.create = append(p.create, run.open(will))
		return nil
	}
	u := update{landlord: will, agency: agencyData(was) != agencyData(will), person: personData(was) != personData(will)}
	if u.agency || u.person {
		p.update = append(p.update, u)
	} else {
		p.unchanged++
	}
	return nil
}

// merge returns the stored account with what the file may change.
func (h header) merge(was, says storage.Landlord) storage.Landlord {
	will := was
	take := func(c column, to *string, from string) {
		if h.has(c) {
			*to = from
		}
	}
	take(colDepartment, &will.Account.Department, says.Account.Department)
	take(colCompany, &will.Account.CompanyName, says.Account.CompanyName)
	take(colSIRET, &will.Account.SIRET, says.Account.SIRET)
	for c := colAddress1; c <= colAddress6; c++ {
		take(c, &will.Account.Address, says.Account.Address)
	}
	if was.SignedIn() {
		return will
	}
	take(colTitle, &will.User.Title, says.User.Title)
	take(colGivenName, &will.User.GivenName, says.User.GivenName)
	take(colFamilyName, &will.User.FamilyName, says.User.FamilyName)
	take(colEmail, &will.User.Email, says.User.Email)
	take(colEmail, &will.User.EmailKey, says.User.EmailKey)
	return reached(will)
}

// unchangeable names what an account keeps for ever and the file has otherwise.
func unchangeable(was, says storage.Landlord) faults {
	var f faults
	if was.Account.Kind != says.Account.Kind {
		f.add("type différent de celui du compte, qui ne change jamais")
	}
	if says.User.Identifier != "" && says.User.Identifier != was.User.Identifier {
		f.add("identifiant différent de celui du compte, qui ne change jamais")
	}
	return f
}

// open makes a new account of what the file says.
func (run *importRun) open(l storage.Landlord) storage.Landlord {
	l = reached(l)
	l.Account.ID, l.User.ID = storage.NewID(), storage.NewID()
	l.User.AccountID = l.Account.ID
	l.Account.CreatedAt, l.User.CreatedAt = run.now(), run.now()
	if l.User.Identifier == "" {
		l.User.Identifier = account.NewIdentifier() // taken once in 38 billion: then the batch is tried again
	}
	return l
}

// reached sets the way messages go: by e-mail when an address is known.
func reached(l storage.Landlord) storage.Landlord {
	l.Account.Channel = storage.ByLetter
	if l.User.Email != "" {
		l.Account.Channel = storage.ByEmail
	}
	if l.Account.Kind == storage.Organisation {
		l.Account.ContactEmail = l.User.Email
	}
	return l
}

type agencyValues struct{ department, company, siret, address string }

func agencyData(l storage.Landlord) agencyValues {
	return agencyValues{l.Account.Department, l.Account.CompanyName, l.Account.SIRET, l.Account.Address}
}

type personValues struct{ title, given, family, email, key, channel, contact string }

func personData(l storage.Landlord) personValues {
	return personValues{l.User.Title, l.User.GivenName, l.User.FamilyName, l.User.Email, l.User.EmailKey, l.Account.Channel, l.Account.ContactEmail}
}
