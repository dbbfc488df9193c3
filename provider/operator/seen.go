package operator

import (
	"hash/maphash"

	"loge/storage"
)

// claim is a value that only one row of the file may have: 16 bytes instead of
// the text, so that a file of a million rows is still imported in little
// memory. Two seeded hashes of 64 bits never agree by accident nor on purpose.
type claim struct {
	kind       claimKind
	one, other uint64
}

type claimKind uint8

const (
	claimNumber claimKind = iota
	claimEmail
	claimIdentifier
)

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func newClaim(kind claimKind, value string) claim {
	return claim{kind: kind, one: maphash.String(seeds[0], value), other: maphash.String(seeds[1], value)}
}

func (c claim) name() string {
	return [...]string{"numéro utilisateur", "adresse e-mail", "identifiant"}[c.kind]
}

// claims returns what a landlord takes for itself.
func claims(l storage.Landlord) []claim {
	list := []claim{newClaim(claimNumber, l.Account.Number)}
	if l.User.EmailKey != "" {
		list = append(list, newClaim(claimEmail, l.User.EmailKey))
	}
	if l.User.Identifier != "" {
		list = append(list, newClaim(claimIdentifier, l.User.Identifier))
	}
	return list
}

// seen is what the rows of the file taken so far have claimed, and on which
// line. Refused rows claim nothing: they never cost another row its place.
type seen struct{ lines map[claim]int }

func newSeen() *seen { return &seen{lines: map[claim]int{}} }

// line returns the line that has claimed it, or 0.
func (run *importRun) line(p plan, c claim) int {
	if line, ok := p.claims[c]; ok {
		return line
	}
	return run.seen.lines[c]
}

// keep adds the claims of a batch that is done.
func (s *seen) keep(p plan) {
	for c, line := range p.claims {
		s.lines[c] = line
	}
}
