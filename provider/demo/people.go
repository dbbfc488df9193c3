package demo

import _ "embed"

// people.csv is what the agency imports. Names, numbers and addresses are
// invented; .example belongs to nobody (RFC 2606).
//
//go:embed people.csv
var peopleFile []byte

// Person is somebody to play.
type Person struct {
	Key     string // in the mailbox's addresses
	Name    string
	Who     string
	Start   string   // what to do first
	Numbers []string // numéro utilisateur of each account
	Emails  []string // known from the start
}

// People are the four to play, in the order in which they are shown.
var People = []Person{
	{
		Key: "odile", Name: "Odile Perrin",
		Who:     "Elle loue un appartement. Son adresse e-mail est connue.",
		Start:   "Elle a reçu deux e-mails. L’un donne son identifiant, l’autre son mot de passe provisoire.",
		Numbers: []string{"99039000010001"},
		Emails:  []string{"odile.perrin@courriel.example"},
	},
	{
		Key: "marcel", Name: "Marcel Aubry",
		Who:     "Il loue la maison de ses parents. Son adresse e-mail n’est pas connue.",
		Start:   "Il a reçu deux courriers. À la première étape, inventez-lui une adresse e-mail : le code arrivera ici.",
		Numbers: []string{"99039000020001"},
	},
	{
		Key: "habitat", Name: "Habitat des Trois Rivières",
		Who:     "Un organisme qui loue 240 logements. Jouez Samira Benali, qui s’occupe des loyers.",
		Start:   "L’organisme a reçu deux courriers. La première personne qui se connecte devient administrateur.",
		Numbers: []string{"99039000030001"},
	},
	{
		Key: "jeanne", Name: "Jeanne Vasseur",
		Who:     "Elle loue dans le Jura et dans le Doubs : deux comptes, deux adresses e-mail.",
		Start:   "Elle a reçu quatre e-mails. Le numéro utilisateur dit quel mot de passe va avec quel identifiant.",
		Numbers: []string{"99039000040001", "99025000040001"},
		Emails:  []string{"jeanne.jura@courriel.example", "jeanne.doubs@courriel.example"},
	},
}
