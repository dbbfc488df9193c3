package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Contacts are the support of each département that has its own, by its code as
// accounts have it: 01, 2A, 971. What one leaves empty is service.support's.
type Contacts map[string]Support

// In returns the service as people of the département find it: Support is whom
// they reach, and Contacts, the choice of those whom we do not know, is empty.
// With "", nobody is known, it is s itself.
func (s Service) In(department string) Service {
	if department == "" {
		return s
	}
	own := s.Contacts[department]
	s.Support = Support{
		Mail:  cmp.Or(own.Mail, s.Support.Mail),
		Phone: cmp.Or(own.Phone, s.Support.Phone),
		Hours: cmp.Or(own.Hours, s.Support.Hours),
	}
	s.Contacts = nil
	return s
}

// departmentShape is what account.NormalizeDepartment returns; a test there
// compares the two.
var departmentShape = regexp.MustCompile(`^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-8]|98[0-9])$`)

func (c Contacts) validate(f *faults) {
	for _, code := range slices.Sorted(maps.Keys(c)) {
		path, contact := fmt.Sprintf("service.contacts.%s", code), c[code]
		if !departmentShape.MatchString(code) {
			f.add(path, "is no département: write 01 to 95, 2A, 2B, 971 to 978 or 980 to 989")
		}
		if contact == (Support{}) {
			f.add(path, "is empty: give mail, phone or hours, or remove the département")
		}
		if contact.Mail != "" && !address(contact.Mail) {
			f.add(path+".mail", "must be the address people write to, for example aide@exemple.fr")
		}
		if contact.Phone != "" {
			label(f, path+".phone", contact.Phone)
		}
		if contact.Hours != "" {
			label(f, path+".hours", contact.Hours)
		}
	}
}
