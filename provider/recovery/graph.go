package recovery

import "slices"

// node is one page of « Problème de connexion ». Its texts are problem.NAME.h1,
// .p1, .p2 … and one for each choice.
type node struct {
	Name    string // as in the description of the service, in small letters: a1, b3
	Path    string // last part of its address; "" is the first question
	Choices []way  // answers to its question
	Form    string // what it asks for: one of the kinds of request
	Sent    string // Form: the node that says what happens next
	Typed   bool   // shows the e-mail address that was typed, and what to do when nothing comes
	Example bool   // shows which message belongs to which
	Contact bool   // shows whom to call, and the reference
	Ways    []way  // buttons, the first one filled
}

// way leads on: to a node, or to an address of ours.
type way struct {
	Name string // of a choice in the form, and of its text
	To   string // name of a node, or an address that begins with a slash
}

const (
	toLogin     = "/connexion"
	toForgotten = "/mot-de-passe-oublie"
)

// graph is every page, in the order of the description. Each is reachable from
// the first, and none is a dead end; a test walks it.
var graph = []node{
	{Name: "q0", Choices: []way{{"identifiant", "a0"}, {"oubli", toForgotten}, {"message", "b"}, {"jamais", "c"}, {"email", "d"},
		{"plusieurs", "e"}, {"administrateur", "f"}, {"autre", "z"}}},

	{Name: "a0", Path: "identifiant", Choices: []way{{"oui", "a1"}, {"non", "c"}}},
	{Name: "a1", Path: "retrouver-identifiant", Form: askIdentifier, Sent: "a1s", Ways: []way{{"number", "a2"}}},
	{Name: "a1s", Path: "identifiant-envoye", Typed: true, Ways: []way{{"login", toLogin}, {"other", "d"}}},
	{Name: "a2", Path: "numero-utilisateur", Ways: []way{{"found", "a1"}, {"lost", "z"}}},

	{Name: "b", Path: "message", Choices: []way{{"incorrect", "b1"}, {"essais", "b2"}, {"provisoire", "b3"}, {"suspendu", "b4"}, {"session", "b5"},
		{"application", "b6"}, {"autre", "z"}}},
	{Name: "b1", Path: "identifiant-ou-mot-de-passe", Ways: []way{{"back", toLogin}, {"forgotten", toForgotten}, {"identifier", "a0"}}},
	{Name: "b2", Path: "trop-d-essais", Ways: []way{{"reset", toForgotten}, {"contact", "z"}}},
	{Name: "b3", Path: "mot-de-passe-provisoire", Choices: []way{{"email", toForgotten}, {"courrier", "c3"}}},
	{Name: "b4", Path: "acces-suspendu", Choices: []way{{"organisme", "f"}, {"nom", "z"}}},
	{Name: "b5", Path: "session-expiree", Ways: []way{{"again", toLogin}}},
	{Name: "b6", Path: "application", Contact: true},

	{Name: "c", Path: "premiere-connexion", Choices: []way{{"email", "c1"}, {"courrier", "c2"}, {"rien", "c4"}}},
	{Name: "c1", Path: "codes-par-e-mail", Form: askCodes, Sent: "c1s", Ways: []way{{"number", "a2"}}},
	{Name: "c1s", Path: "codes-envoyes", Typed: true, Ways: []way{{"login", toLogin}, {"contact", "z"}}},
	{Name: "c2", Path: "deux-courriers", Choices: []way{{"oui", "c2y"}, {"identifiant", "c3"}, {"provisoire", "c3"}, {"aucun", "c3"}}},
	{Name: "c2y", Path: "codes-recus", Ways: []way{{"login", toLogin}, {"fails", "c3"}}},
	{Name: "c3", Path: "courrier", Form: askLetters, Sent: "c3s", Ways: []way{{"number", "a2"}}},
	{Name: "c3s", Path: "courrier-demande", Ways: []way{{"login", toLogin}, {"moved", "z"}}},
	{Name: "c4", Path: "rien-recu", Choices: []way{{"oui", "c3"}, {"non", "z"}}},

	{Name: "d", Path: "adresse-e-mail", Choices: []way{{"collaborateur", "d1"}, {"nom", "d2"}, {"administrateur", "d2"}}},
	{Name: "d1", Path: "demander-a-l-administrateur", Ways: []way{{"login", toLogin}, {"contact", "z"}}},
	{Name: "d2", Path: "mot-de-passe-connu", Choices: []way{{"oui", "d3"}, {"non", "d4"}}},
	{Name: "d3", Path: "changer-d-adresse", Ways: []way{{"login", toLogin}, {"contact", "z"}}},
	// The same letters for people whose account is used with an e-mail address
	// that they no longer read.
	{Name: "d4", Path: "courrier-sans-e-mail", Form: askLettersAll, Sent: "c3s", Ways: []way{{"number", "a2"}}},

	{Name: "e", Path: "plusieurs-comptes", Example: true, Ways: []way{{"find", "a1"}, {"forgotten", toForgotten}, {"login", toLogin}}},

	{Name: "f", Path: "administrateur", Choices: []way{{"parti", "f1"}, {"acces", "f2"}, {"mauvaise", "f3"}}},
	{Name: "f1", Path: "administrateur-parti", Contact: true},
	{Name: "f2", Path: "demander-un-acces", Contact: true},
	{Name: "f3", Path: "mauvais-administrateur", Contact: true},

	{Name: "z", Path: "contact", Contact: true},
}

// start is where the walk begins.
const start = "/probleme-de-connexion"

// at returns the node of an address's last part.
func at(path string) (node, bool) {
	i := slices.IndexFunc(graph, func(n node) bool { return n.Path == path })
	if i < 0 {
		return node{}, false
	}
	return graph[i], true
}

// address is where a way leads.
func (w way) address() string {
	i := slices.IndexFunc(graph, func(n node) bool { return n.Name == w.To })
	switch {
	case i < 0:
		return w.To
	case graph[i].Path == "":
		return start
	}
	return start + "/" + graph[i].Path
}

// before is the address of the first page that leads here, for « Retour »; ""
// for the first question.
func (n node) before() string {
	for _, from := range graph {
		leads := func(w way) bool { return w.To == n.Name }
		if slices.ContainsFunc(from.Choices, leads) || slices.ContainsFunc(from.Ways, leads) || from.Sent == n.Name {
			return way{To: from.Name}.address()
		}
	}
	return ""
}
