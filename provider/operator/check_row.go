package operator

import (
	"errors"
	"fmt"
	"strings"

	"loge/provider/account"
	"loge/provider/letter"
	"loge/storage"
)

// candidate is a row that can be read: what the file says about one landlord.
type candidate struct {
	line   int
	says   storage.Landlord // fields of columns the file does not have are empty
	number string           // as typed, for the report
}

// parse checks what a row says by itself. Every fault is named, so that an
// agent corrects a row once.
func (h header) parse(r row) (candidate, faults) {
	c := candidate{line: r.line, number: h.cell(r.cells, colNumber)}
	if r.fault != "" {
		return c, faults{r.fault}
	}
	for _, cell := range r.cells {
		// Only what cannot be told from a broken file; names and addresses have
		// narrower rules of their own.
		if strings.ContainsFunc(cell, control) {
			return c, faults{"caractère de commande dans une cellule"}
		}
	}
	a, u := &c.says.Account, &c.says.User
	var f faults
	var err error
	if a.Number, err = account.NormalizeNumber(c.number); err != nil {
		f.add("%s", numberFault(c.number, err))
	}
	switch kind := h.cell(r.cells, colKind); strings.ToLower(kind) {
	case "physique":
		a.Kind, u.Role = storage.Individual, storage.RoleHolder
	case "moral":
		a.Kind, u.Role = storage.Organisation, storage.RoleMember
	default:
		f.add("type « %s » : il faut physique ou moral", shorten(kind))
	}
	department := h.cell(r.cells, colDepartment)
	if a.Department, err = account.NormalizeDepartment(department); err != nil {
		f.add("département « %s » inconnu", shorten(department))
	}
	siret := h.cell(r.cells, colSIRET)
	if a.SIRET, err = account.NormalizeSIRET(siret); err != nil {
		f.add("SIRET « %s » : il faut 14 chiffres", shorten(siret))
	}
	company := h.cell(r.cells, colCompany)
	a.CompanyName = f.text("raison sociale", company, account.Line)
	if a.Kind == storage.Individual && company != "" {
		f.add("raison sociale donnée pour un bailleur physique")
	}
	title := h.cell(r.cells, colTitle)
	var known bool
	if u.Title, known = titles[strings.ToLower(strings.TrimSuffix(title, "."))]; !known {
		f.add("civilité « %s » : il faut M. ou Mme", shorten(title))
	}
	u.GivenName = f.text("prénom", h.cell(r.cells, colGivenName), account.PersonName)
	u.FamilyName = f.text("nom", h.cell(r.cells, colFamilyName), account.PersonName)
	if email := h.cell(r.cells, colEmail); email != "" {
		if u.Email, u.EmailKey, err = account.EmailKey(email); err != nil {
			f.add("adresse e-mail « %s » incomplète ou mal écrite", shorten(email))
		}
	}
	a.Address = f.address(h, r.cells)
	if identifier := h.cell(r.cells, colIdentifier); identifier != "" {
		if u.Identifier, err = account.NormalizeIdentifier(identifier); err != nil {
			f.add("identifiant « %s » : il faut LOG et 8 lettres ou chiffres", shorten(identifier))
		}
	}
	return c, f
}

var titles = map[string]string{
	"": "", "m": "M.", "mr": "M.", "monsieur": "M.", "mme": "Mme", "madame": "Mme", "mlle": "Mme", "mademoiselle": "Mme",
}

// faults collects what is wrong with one row, in French.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// text checks one line of text that may be empty.
func (f *faults) text(name, value string, rule func(string) (string, error)) string {
	value, err := rule(value)
	switch {
	case err == nil, errors.Is(err, account.ErrEmpty):
		return value
	case errors.Is(err, account.ErrTooLong):
		f.add("%s trop long : 80 caractères au plus", name)
	default:
		f.add("%s : caractères refusés", name)
	}
	return ""
}

// address joins the address lines that are not empty.
func (f *faults) address(h header, cells []string) string {
	var lines []string
	for c := colAddress1; c <= colAddress6; c++ {
		value := h.cell(cells, c)
		if value == "" {
			continue
		}
		name := "ligne d’adresse " + columnNames[c][len("adresse_"):]
		if value = f.text(name, value, account.Line); value != "" {
			lines = append(lines, value)
		}
	}
	return strings.Join(lines, "\n")
}

// numberFault names what is wrong with a numéro utilisateur, above all that a
// spreadsheet has made a rounded number of it.
func numberFault(typed string, err error) string {
	fault, _ := errors.AsType[*account.NumberError](err)
	switch {
	case typed == "":
		return "numéro utilisateur manquant"
	case strings.Contains(strings.ToUpper(typed), "E+"):
		return fmt.Sprintf("numéro utilisateur « %s » arrondi par le tableur : mettez la colonne au format texte et refaites le fichier", shorten(typed))
	case fault != nil && fault.Sign != 0:
		return fmt.Sprintf("numéro utilisateur « %s » : le signe « %s » n’est ni une lettre ni un chiffre", shorten(typed), shorten(string(fault.Sign)))
	case fault != nil:
		return fmt.Sprintf("numéro utilisateur de %d caractères au lieu de 14", fault.Typed)
	}
	return "numéro utilisateur mal écrit"
}

// control tells what no text of a file may hold. A tab is a space.
func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// complete checks what a landlord must have once row and stored account are
// taken together: a name, and a way to be reached.
func complete(l storage.Landlord) faults {
	var f faults
	name := strings.TrimSpace(l.User.Title + " " + l.User.Name()) // as the letter is addressed
	switch {
	case l.Account.Kind == storage.Organisation:
		if name = l.Account.CompanyName; name == "" {
			f.add("raison sociale manquante")
		}
	case l.User.FamilyName == "":
		f.add("nom manquant")
	}
	if len(f) > 0 || l.User.Email != "" {
		return f
	}
	switch _, err := letter.Lines(name, l.Account.AddressLines()...); {
	case l.Account.Address == "":
		f.add("ni adresse e-mail ni adresse postale : personne ne recevrait les identifiants")
	case err != nil:
		f.add("adresse postale impossible à imprimer, et pas d’adresse e-mail : %s", err)
	}
	return f
}
