package account

import (
	"errors"

	"loge/storage"
)

// Fault is one field of a form that is not right, and the text that says why.
type Fault struct{ Field, Key string }

// Details reads what a person says about himself, but for the e-mail address,
// from the fields prenom, nom, telephone and fonction. The faults are in the
// order of the form. Only people of an organisation have a fonction.
func Details(typed func(field string) string, organisation bool) (d storage.Details, faults []Fault) {
	fault := func(field, key string) {
		faults = append(faults, Fault{Field: field, Key: "details.error." + key})
	}
	var err error
	if d.GivenName, err = PersonName(typed("prenom")); errors.Is(err, ErrTooLong) {
		fault("prenom", "given_name_long")
	} else if err != nil {
		fault("prenom", "given_name_missing")
	}
	if d.FamilyName, err = PersonName(typed("nom")); errors.Is(err, ErrTooLong) {
		fault("nom", "family_name_long")
	} else if err != nil {
		fault("nom", "family_name_missing")
	}
	if d.Phone, err = Phone(typed("telephone")); err != nil {
		fault("telephone", "phone_wrong")
	}
	if organisation {
		if d.JobTitle, err = Line(typed("fonction")); err != nil && !errors.Is(err, ErrEmpty) {
			fault("fonction", "job_title_long")
		}
	}
	return d, faults
}
