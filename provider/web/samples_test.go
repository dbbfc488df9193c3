package web_test

import (
	"html/template"
	"io"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/text"
	"loge/provider/web"
	"loge/templates"
)

const issuer = "https://connexion.valmont.example"

var service = config.Service{
	Name:        "Espace bailleur",
	AccountName: "Mon Compte Partenaire",
	Operator:    "l’Agence du logement de Valmont",
	Support:     config.Support{Mail: "aide@valmont.example", Phone: "01 99 00 12 34", Hours: "du lundi au vendredi, de 9 h à 16 h"},
	Contacts:    config.Contacts{"2A": {Phone: "04 99 00 12 20"}, "69": {Mail: "rhone@valmont.example", Phone: "04 99 00 12 69"}},
	DPO:         "dpo@valmont.example",
	Colours:     config.Colours{Main: "#0a4f8f", Error: "#b3261e"},
}

func newPages(t testing.TB) *web.Pages {
	t.Helper()
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	p, err := web.NewPages(texts, service, issuer, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// step is what every page of a first sign-in has.
type step struct {
	Flow  string
	Step  int
	Until string
}

type document struct {
	step
	Kind, Version, Date string
	HTML                template.HTML
	Changed             bool
	Summary             string
	CompanyName         string
	DocumentID          string
}

// sample is one page as it may be shown.
type sample struct {
	name string // of the file -write makes
	view web.View
}

// samples shows every page, with all its branches. evil, when not empty,
// stands in every place where a page echoes something.
func samples(evil string) []sample {
	or := func(s string) string {
		if evil != "" {
			return evil
		}
		return s
	}
	first := func(n int) step { return step{Flow: or("01944d5a"), Step: n, Until: or("23 décembre 2026")} }
	wrong := func(pairs ...string) (out web.FieldErrors) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, web.FieldError{Field: pairs[i], Key: pairs[i+1],
				Vars: []string{"n", or("9"), "minimum", "12", "duree", or("2 minutes"), "heure", or("14 h 05")}})
		}
		return out
	}
	text := template.HTML(`<h2>Ce que vous devez faire</h2><ol><li>Votre identifiant et votre mot de passe sont personnels. Ne les prêtez à personne, même à un collègue.</li>` +
		`<li>Choisissez un mot de passe que vous n’utilisez sur aucun autre site.</li><li>Utilisez le service seulement pour gérer les logements dont vous avez la charge.</li>` +
		`<li>Les renseignements sur vos locataires sont confidentiels. Ne les montrez qu’aux personnes qui en ont besoin pour leur travail.</li></ol>` +
		`<h2>Ce que fait le service</h2><p>Les connexions et les actions importantes sont enregistrées pendant 12 mois, pour protéger les comptes.</p>`)
	login := struct{ Flow, Identifier, Application, Present string }{or("01944d5a"), or("LOG 4F7K29QX"), or("Loyers"), ""}
	details := func(organisation, required bool) any {
		return struct {
			step
			Organisation, EmailRequired bool
		}{first(1), organisation, required}
	}
	values := url.Values{"identifiant": {or("LOG 4F7K29QX")}, "prenom": {or("Marguerite")}, "nom": {or("Lefèvre")},
		"email": {or("marguerite.lefevre@exemple.fr")}, "telephone": {or("06 12 34 56 78")}, "fonction": {or("Gestionnaire")},
		"code": {or("123456")}, "mot_de_passe": {or("secret-typed")}, "nouveau_mot_de_passe": {or("secret-typed")}}
	password := func(n int, reason string) any {
		minimum := 12
		if reason == "administrator" {
			minimum = 16
		}
		return struct {
			step
			Reason      string
			Minimum     int
			Strict      bool
			Identifier  string
			CompanyName string
		}{first(n), reason, minimum, false, or("LOG4F7K29QX"), or("Habitat Solidaire")}
	}
	doc := func(n int, kind string, changed bool, company string) any {
		return document{first(n), kind, or("3"), or("12 mars 2026"), text, changed, or("les règles 4 et 9."), company, or("0194-doc")}
	}
	type consent struct {
		Flow, Application, Publisher, Purpose, PolicyURI string
		Items                                            []string
		Inform, Ready                                    bool
		Identifier, Offline, UserCode                    string
		TOSURI, Logo                                     string
	}
	type service struct{ Name, Publisher, Purpose, Logo, To string }
	type account struct {
		Name, Number, Department, CompanyName, Role, Identifier string
		Ready                                                   bool
		Services                                                []service
		Offered                                                 bool
	}
	type personLine struct{ ID, Name, Identifier, Email, Role, State, LastSignIn string }
	type choice struct {
		Field, ID, Sentence string
		Checked             bool
	}
	type choices struct {
		Application string
		Options     []choice
	}
	type offerLine struct {
		ID, Name, Until string
		HandOver        bool
	}
	type pager struct {
		At, Of         int
		Previous, Next string
	}
	type people struct {
		CompanyName string
		Count       int
		People      []personLine
		Search      string
		Found       int
		Pages       pager
		ReviewDue   bool
		Reviewed    string
		Offer       *offerLine
		Done        string
	}
	type person struct {
		personLine
		JobTitle                                                                               string
		Self, ByTheAgency                                                                      bool
		Rights                                                                                 []choices
		Sending                                                                                bool
		CanGive, CanSuspend, CanReopen, CanRemove, CanDemote, CanResend, CanOffer, CanHandOver bool
		Offered                                                                                bool
		Done                                                                                   string
	}
	type confirmPerson struct {
		ID, Name, Refused string
		Months            int
	}
	type handOver struct {
		Person *personLine
		People []personLine
		Count  int
		Search string
		Found  int
		Pages  pager
		Offer  *offerLine
	}
	type journalLine struct{ At, Who, Whom, What, Rights, Client string }
	odile := personLine{"01944d5a", or("Odile Perrin"), or("LOG 4F7K29QX"), or("odile.perrin@exemple.fr"), "member", "active", or("12 mars 2026")}
	rightsOf := []choices{{or("Loyers"), []choice{{"droit:loyers:lire", "droits", or("Consulter les loyers"), true}, {"droit:loyers:declarer", "droits-2", or("Déclarer les loyers"), false}}}}
	waits := &offerLine{"01944d5a", or("Odile Perrin"), or("26 mars 2026"), true}
	type authorised struct {
		ID, Application, Publisher string
		Items                      []string
		Since, Used                string
	}
	type applications struct {
		Applications []authorised
		Withdrawn    string
	}
	type selfDevice struct {
		Session, Name, Since, Seen string
		Here                       bool
	}
	type selfSignIn struct{ At, Device, Result string }
	type selfText struct{ Kind, Version, Date string }
	type selfPage struct {
		Name, Number, Department, CompanyName, Role, JobTitle, Waiting, Closing, Identifier, Email, Phone, PasswordSet string
		Devices                                                                                                        []selfDevice
		Others                                                                                                         bool
		SignIns                                                                                                        []selfSignIn
		Texts                                                                                                          []selfText
		Done                                                                                                           string
		Protected                                                                                                      bool
	}
	type dataField struct{ Column, Value string }
	type dataTable struct {
		Table string
		Rows  [][]dataField
	}
	type closing struct {
		Asked, Answer, Reason string
		Confirm               bool
		CompanyName           string
	}
	type until struct {
		Until, MaskedEmail string
		Letter             bool
	}
	type forgotten struct {
		Link            bool
		Validity, Typed string
	}
	type newPassword struct {
		Link       string
		Minimum    int
		Strict     bool
		Identifier string
	}
	type way struct{ Key, Value string }
	type problem struct {
		Key, Action, Back string
		Paragraphs        []string
		Choices           []way
		Chosen            string
		Letters           bool
		Example, Contact  bool
		Reference         string
		Nothing           bool
		Typed             string
		Ways              []way
	}
	flow := struct{ Flow string }{or("01944d5a")}
	limit := &web.TimeLimit{Left: 30 * time.Minute, Ahead: 2 * time.Minute, Over: or("/connexion/expiration?demande=01944d5a")}
	return append(factorSamples(or, wrong, values, limit), []sample{
		{"login", web.View{Template: "login", Data: login, Redirects: "https://loyers.example/retour"}},
		{"login-changer", web.View{Template: "login", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct{ Flow, Identifier, Application, Present string }{Present: or("45675320380001")}}},
		{"login-erreur", web.View{Template: "login", Data: login, Values: values, Errors: wrong("identifiant", "login.error.identifier_missing", "mot_de_passe", "login.error.password_missing")}},
		{"login-refus", web.View{Template: "login", Data: struct{ Flow, Identifier, Application, Present string }{}, Values: values, Errors: wrong("", "login.error.wrong", "", "login.error.forgotten")}},
		{"administrator", web.View{Template: "administrator", Data: struct {
			step
			CompanyName, Number string
		}{first(0), or("Habitat Solidaire du Val d’Émeraude"), or("45675320380001")}}},
		{"choose", web.View{Template: "choose", Data: struct{ Flow, Name, CompanyName, Number string }{or("01944d5a"), or("Odile Marchand"), or("Habitat Solidaire"), or("45675320380001")}}},
		{"declined", web.View{Template: "declined", Data: first(0)}},
		{"details", web.View{Template: "details", Data: details(false, true), Values: values}},
		{"details-organisme", web.View{Template: "details", Data: details(true, false), Values: values}},
		{"details-erreur", web.View{Template: "details", Data: details(true, true), Errors: wrong("prenom", "details.error.given_name_missing", "email", "details.error.email_wrong", "telephone", "details.error.phone_wrong"), Values: values, TimeLimit: limit}},
		{"email", web.View{Template: "email", Data: struct {
			step
			Email    string
			Validity string
			Sent     bool
		}{first(1), or("marguerite.lefevre@exemple.fr"), "30\u00a0minutes", true}}},
		{"email-erreur", web.View{Template: "email", Values: values, Errors: wrong("code", "email.error.code_wrong"), Data: struct {
			step
			Email    string
			Validity string
			Sent     bool
		}{first(1), or("marguerite.lefevre@exemple.fr"), "30\u00a0minutes", false}}},
		{"password", web.View{Template: "password", Data: password(2, "")}},
		{"password-provisoire", web.View{Template: "password", Data: password(0, "provisional")}},
		{"password-administrateur", web.View{Template: "password", Data: password(0, "administrator")}},
		{"password-erreur", web.View{Template: "password", Data: password(0, "ordered"), Values: values, Errors: wrong("nouveau_mot_de_passe", "password.error.short")}},
		{"rules", web.View{Template: "document", Title: "title.rules", Data: doc(3, "rules", false, "")}},
		{"rules-erreur", web.View{Template: "document", Title: "title.rules", Data: doc(3, "rules", false, ""), Errors: wrong("accepte", "document.error.rules")}},
		{"rules-change", web.View{Template: "document", Title: "document.rules.changed", Data: doc(0, "rules", true, "")}},
		{"terms", web.View{Template: "document", Title: "title.terms", Data: doc(4, "terms", false, "")}},
		{"terms-organisme", web.View{Template: "document", Title: "title.terms", Data: doc(4, "terms", false, or("Habitat Solidaire du Val d’Émeraude")), Errors: wrong("accepte", "document.error.terms")}},
		{"terms-change", web.View{Template: "document", Title: "document.terms.changed", Data: doc(0, "terms", true, "")}},
		{"text-regles", web.View{Template: "text", Title: "text.rules.about", TitleVars: []string{"version", or("3")}, Data: doc(0, "rules", false, "")}},
		{"text-conditions", web.View{Template: "text", Title: "text.terms.about", TitleVars: []string{"version", or("3")}, Data: doc(0, "terms", false, "")}},
		{"refused", web.View{Template: "refused", Data: struct{ Flow, Kind, Back string }{or("01944d5a"), "rules", "/connexion/regles?demande=" + url.QueryEscape(or("01944d5a"))}}},
		{"access", web.View{Template: "access", Status: 403, TitleVars: []string{"application", or("Loyers")}, Data: struct{ Flow, Application, Reason string }{or("01944d5a"), or("Loyers"), "access.member"}}},
		{"access-administrateur", web.View{Template: "access", Status: 403, TitleVars: []string{"application", or("Loyers")}, Data: struct{ Flow, Application, Reason string }{or("01944d5a"), or("Loyers"), "access.administrator"}}},
		{"consent", web.View{Template: "consent", TitleVars: []string{"application", or("Loyers")}, Data: consent{or("01944d5a"), or("Loyers"), or("Gestion Valmont SARL"), or("suivre les aides versées pour vos locataires."), "https://loyers.example/" + url.PathEscape(or("politique")), []string{"consent.profile", "consent.email", "consent.phone", "consent.address", "consent.bailleur", "consent.organisme", "consent.habilitations"}, false, true, or("LOG 4F7K29QX"), or("30 jours"), "", "https://loyers.example/" + url.PathEscape(or("conditions")), "/applications/" + url.PathEscape(or("loyers")) + "/logo"}, TimeLimit: limit}},
		{"consent-information", web.View{Template: "consent", TitleVars: []string{"application", or("Loyers")}, Data: consent{Application: or("Loyers"), Publisher: or("l’Agence"), Inform: true, Identifier: or("LOG 4F7K29QX")}}},
		{"account", web.View{Template: "account", Data: account{or("Marguerite Lefèvre"), or("45675320380001"), or("38"), "", "holder", or("LOG 4F7K29QX"), true, nil, false}, SignedIn: true, Number: or("45675320380001"), TimeLimit: limit}},
		{"account-organisme", web.View{Template: "account", Data: account{or("Ali Benhamou"), or("45675320380001"), or("38"), or("Habitat Solidaire"), "administrator", or("LOG 4F7K29QX"), false, []service{
			{or("Loyers"), or("Gestion Valmont SARL"), or("Déclarer les loyers de juillet et signaler un impayé."), "/applications/" + url.PathEscape(or("loyers")) + "/logo", "https://loyers.example/?iss=" + url.QueryEscape(or("https://x"))},
			{or("Suivi des paiements"), or("l’Agence du logement de Valmont"), or("Suivre les aides versées pour vos locataires."), "", "https://paiements.example/?iss=x"}}, false}, SignedIn: true, Number: or("45675320380001")}},
		{"account-collaborateur", web.View{Template: "account", Data: account{or("Ali Benhamou"), or("45675320380001"), or("38"), or("Habitat Solidaire"), "member", or("LOG 4F7K29QX"), false, nil, true}, SignedIn: true, Number: or("45675320380001")}},
		{"organisation", web.View{Template: "organisation", TitleVars: []string{"raison_sociale", or("Habitat Solidaire")}, SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: people{CompanyName: or("Habitat Solidaire"), Count: 120,
			People: []personLine{odile, {"01944d5b", or("Ali Benhamou"), or("LOG 8M2P44TV"), "", "administrator", "suspended", ""}, {"01944d5c", or("Zoë Lefèvre"), or("LOG 3C7D55QX"), or("zoe@exemple.fr"), "member", "issued", ""}},
			Search: or("perrin"), Found: 120, Pages: pager{2, 3, "/organisme?page=1", "/organisme?page=3"}, ReviewDue: true, Reviewed: or("12 mars 2025"), Offer: waits, Done: "retire"}}},
		{"organisation-seul", web.View{Template: "organisation", TitleVars: []string{"raison_sociale", or("Habitat Solidaire")}, SignedIn: true, Number: or("45675320380001"), Data: people{CompanyName: or("Habitat Solidaire"), Count: 1, People: []personLine{odile}, Found: 1, Pages: pager{1, 1, "", ""}}}},
		{"organisation-aucun", web.View{Template: "organisation", TitleVars: []string{"raison_sociale", or("Habitat Solidaire")}, SignedIn: true, Number: or("45675320380001"), Data: people{CompanyName: or("Habitat Solidaire"), Count: 3, Search: or("perrin"), Pages: pager{1, 1, "", ""}}}},
		{"organisation_person", web.View{Template: "organisation_person", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: person{personLine: odile, JobTitle: or("Gestionnaire"), Rights: rightsOf,
			CanGive: true, CanSuspend: true, CanRemove: true, CanDemote: true, CanResend: true, CanOffer: true, CanHandOver: true, Done: "droits"}}},
		{"organisation_person-suspendu", web.View{Template: "organisation_person", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Errors: wrong("", "organisation.error.not_held"), Data: person{personLine: odile, ByTheAgency: true, CanReopen: true, Offered: true, Sending: true, CanResend: true}}},
		{"organisation_person-soi", web.View{Template: "organisation_person", TitleVars: []string{"nom", or("Ali Benhamou")}, SignedIn: true, Number: or("45675320380001"), Data: person{personLine: personLine{"01944d5b", or("Ali Benhamou"), or("LOG 8M2P44TV"), "", "administrator", "active", ""}, Self: true, Done: "change"}}},
		{"organisation_invite", web.View{Template: "organisation_invite", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct{ Rights []choices }{rightsOf}}},
		{"organisation_invite-erreur", web.View{Template: "organisation_invite", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("email", "organisation.error.email_taken", "droits", "organisation.error.no_right"), Data: struct{ Rights []choices }{rightsOf}}},
		{"organisation_remove", web.View{Template: "organisation_remove", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: confirmPerson{"01944d5a", or("Odile Perrin"), "", 12}}},
		{"organisation_remove-refus", web.View{Template: "organisation_remove", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: confirmPerson{"01944d5a", or("Odile Perrin"), "organisation.error.last", 12}}},
		{"organisation_demote", web.View{Template: "organisation_demote", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: confirmPerson{"01944d5a", or("Odile Perrin"), "", 12}}},
		{"organisation_demote-refus", web.View{Template: "organisation_demote", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: confirmPerson{"01944d5a", or("Odile Perrin"), "organisation.error.state", 12}}},
		{"organisation_appoint", web.View{Template: "organisation_appoint", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: confirmPerson{"01944d5a", or("Odile Perrin"), "", 0}}},
		{"organisation_appoint-refus", web.View{Template: "organisation_appoint", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: confirmPerson{"01944d5a", or("Odile Perrin"), "organisation.error.enough", 0}}},
		{"organisation_handover", web.View{Template: "organisation_handover", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("garder", "organisation.error.keeps"), Data: handOver{Person: &odile, Offer: waits}}},
		{"organisation_handover-choix", web.View{Template: "organisation_handover", SignedIn: true, Number: or("45675320380001"), Errors: wrong("", "organisation.error.no_person"), Data: handOver{People: []personLine{odile, odile}, Count: 300,
			Search: or("perrin"), Found: 120, Pages: pager{2, 3, "/organisme/passer-le-role?page=1", "/organisme/passer-le-role?page=3"}}}},
		{"organisation_handover-aucun", web.View{Template: "organisation_handover", SignedIn: true, Number: or("45675320380001"), Data: handOver{Count: 3, Search: or("perrin"), Pages: pager{1, 1, "", ""}}}},
		{"organisation_handover-personne", web.View{Template: "organisation_handover", SignedIn: true, Number: or("45675320380001"), Data: handOver{}}},
		{"organisation_offer", web.View{Template: "organisation_offer", TitleVars: []string{"nom", or("Odile Perrin")}, SignedIn: true, Number: or("45675320380001"), Data: struct{ ID, Name, Keeps string }{"01944d5a", or("Odile Perrin"), "nothing"}}},
		{"organisation_role", web.View{Template: "organisation_role", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct {
			CompanyName, From string
			HandOver          bool
			Until             string
			Minimum           int
		}{or("Habitat Solidaire"), or("Ali Benhamou"), true, or("26 mars 2026"), 16}}},
		{"organisation_role-erreur", web.View{Template: "organisation_role", SignedIn: true, Number: or("45675320380001"), Errors: wrong("", "organisation.error.enough"), Data: struct {
			CompanyName, From string
			HandOver          bool
			Until             string
			Minimum           int
		}{or("Habitat Solidaire"), or("Ali Benhamou"), false, or("26 mars 2026"), 16}}},
		{"organisation_journal", web.View{Template: "organisation_journal", SignedIn: true, Number: or("45675320380001"), Data: struct {
			Lines []journalLine
			Older string
			First bool
		}{[]journalLine{{or("12 mars 2026 à 9 h 05"), or("Ali Benhamou"), or("Odile Perrin"), "organisation.journal.rights_changed", or("Consulter les loyers"), or("Loyers")}, {or("11 mars 2026 à 9 h 05"), "", "", "organisation.journal.rights_account_changed", "", ""}}, "/organisme/journal?avant=1", false}}},
		{"organisation_journal-vide", web.View{Template: "organisation_journal", SignedIn: true, Number: or("45675320380001"), Data: struct {
			Lines []journalLine
			Older string
			First bool
		}{nil, "", true}}},
		{"organisation_contact", web.View{Template: "organisation_contact", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct{ Email, Waiting, Done string }{or("contact@exemple.fr"), or("accueil@exemple.fr"), "adresse"}}},
		{"organisation_contact-aucune", web.View{Template: "organisation_contact", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("email", "organisation.contact.error.same"), Data: struct{ Email, Waiting, Done string }{"", "", "code"}}},
		{"organisation_contact-vide", web.View{Template: "organisation_contact", SignedIn: true, Number: or("45675320380001"), Errors: wrong("email", "organisation.contact.error.missing"), Data: struct{ Email, Waiting, Done string }{}}},
		{"organisation_code", web.View{Template: "organisation_code", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct {
			Email, Validity string
			Sent            bool
		}{or("accueil@exemple.fr"), "30\u00a0minutes", true}}},
		{"organisation_code-erreur", web.View{Template: "organisation_code", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("code", "email.error.code_wrong"), Data: struct {
			Email, Validity string
			Sent            bool
		}{or("accueil@exemple.fr"), "30\u00a0minutes", false}}},
		{"applications", web.View{Template: "applications", TimeLimit: limit, Data: applications{[]authorised{
			{"loyers", or("Loyers"), or("Gestion Valmont SARL"), []string{"consent.profile", "consent.email"}, or("12 mars 2026"), or("3 avril 2026")},
			{"gestion", or("Gestion"), or("l’Agence"), nil, or("1er mars 2026"), ""}}, or("Quittances")}}},
		{"applications-aucune", web.View{Template: "applications", Data: applications{}}},
		{"withdraw", web.View{Template: "withdraw", TitleVars: []string{"application", or("Loyers")}, Data: authorised{ID: or("loyers"), Application: or("Loyers")}, TimeLimit: limit}},
		{"self", web.View{Template: "self", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: selfPage{Name: or("Marguerite Lefèvre"), Number: or("45675320380001"), Department: or("38"), Role: "holder",
			Identifier: or("LOG 4F7K29QX"), Email: or("marguerite.lefevre@exemple.fr"), Waiting: or("marguerite@exemple.fr"), Closing: or("12 mars 2026"), PasswordSet: or("12 mars 2026"),
			Devices: []selfDevice{{or("0194a"), or("Firefox sur Windows"), or("12 mars 2026 à 9 h 05"), or("12 mars 2026 à 9 h 40"), true}},
			SignIns: []selfSignIn{{or("12 mars 2026 à 9 h 05"), or("Firefox sur Windows"), "self.signin.done"}}}}},
		{"self-organisme", web.View{Template: "self", SignedIn: true, Number: or("45675320380001"), Data: selfPage{Name: or("Ali Benhamou"), Number: or("45675320380001"), Department: or("38"),
			CompanyName: or("Habitat Solidaire du Val d’Émeraude"), Role: "administrator", JobTitle: or("Gestionnaire"), Identifier: or("LOG 4F7K29QX"), Phone: or("06 12 34 56 78"), PasswordSet: or("12 mars 2026"),
			Devices: []selfDevice{{or("0194a"), or("Firefox sur Windows"), or("12 mars 2026 à 9 h 05"), or("12 mars 2026 à 9 h 40"), true},
				{or("0194b"), or("Safari sur iPhone"), or("11 mars 2026 à 18 h 12"), or("12 mars 2026 à 7 h 58"), false}},
			Others: true, SignIns: []selfSignIn{{or("12 mars 2026 à 9 h 05"), or("Firefox sur Windows"), "self.signin.done"}, {or("11 mars 2026 à 18 h 12"), or("Safari sur iPhone"), "self.signin.provisional"}, {or("11 mars 2026 à 18 h 10"), or("Appareil inconnu"), "self.signin.failed"}},
			Texts: []selfText{{"rules", "3", or("12 mars 2026")}, {"terms", "2026.1", or("12 mars 2026")}}, Done: "appareil", Protected: true}}},
		{"selfpassword", web.View{Template: "selfpassword", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct {
			Minimum    int
			Identifier string
			Others     bool
		}{12, or("LOG 4F7K29QX"), true}}},
		{"selfpassword-erreur", web.View{Template: "selfpassword", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("mot_de_passe", "self.error.current_wrong", "nouveau_mot_de_passe", "password.error.short"), Data: struct {
			Minimum    int
			Identifier string
			Others     bool
		}{16, or("LOG 4F7K29QX"), false}}},
		{"selfdetails", web.View{Template: "selfdetails", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Values: values, Data: struct{ Organisation bool }{true}}},
		{"selfdetails-erreur", web.View{Template: "selfdetails", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("prenom", "details.error.given_name_missing", "telephone", "details.error.phone_wrong"), Data: struct{ Organisation bool }{}}},
		{"selfemail", web.View{Template: "selfemail", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct{ Email, Identifier string }{or("marguerite.lefevre@exemple.fr"), or("LOG 4F7K29QX")}}},
		{"selfemail-erreur", web.View{Template: "selfemail", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("email", "details.error.email_taken", "mot_de_passe", "self.error.current_wrong"), Data: struct{ Email, Identifier string }{"", or("LOG 4F7K29QX")}}},
		{"selfcode", web.View{Template: "selfcode", Title: "title.email", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct {
			Email, Validity string
			Sent            bool
		}{or("marguerite.lefevre@exemple.fr"), "30\u00a0minutes", true}}},
		{"selfcode-erreur", web.View{Template: "selfcode", Title: "title.email", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("code", "email.error.code_wrong"), Data: struct {
			Email, Validity string
			Sent            bool
		}{or("marguerite.lefevre@exemple.fr"), "30\u00a0minutes", false}}},
		{"emailundo", web.View{Template: "emailundo", Data: struct{ Link, Email string }{or("0194.x"), or("m•••@e•••.fr")}}},
		{"emailundodead", web.View{Template: "emailundodead"}},
		{"emailundone", web.View{Template: "emailundone", Data: struct{ Taken bool }{}}},
		{"emailundone-prise", web.View{Template: "emailundone", Data: struct{ Taken bool }{true}}},
		{"selfdata", web.View{Template: "selfdata", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct {
			Name, Identifier, Number, MadeAt string
			Tables                           []dataTable
		}{or("Marguerite Lefèvre"), or("LOG 4F7K29QX"), or("45675320380001"), or("12 mars 2026 à 9 h 05"), []dataTable{
			{"users", [][]dataField{{{"identifier", or("LOG 4F7K29QX")}, {"email", or("marguerite.lefevre@exemple.fr")}, {"last_sign_in_at", or("12 mars 2026 à 9 h 05")}}}},
			{"sessions", [][]dataField{{{"authenticated_at", or("12 mars 2026 à 9 h 05")}, {"user_agent", or("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")}}, {{"authenticated_at", or("11 mars 2026 à 9 h 05")}}}}}}}},
		{"closing", web.View{Template: "closing", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: closing{}}},
		{"closing-erreur", web.View{Template: "closing", SignedIn: true, Number: or("45675320380001"), Values: url.Values{"raison": {or("Je ne loue plus.")}}, Errors: wrong("raison", "closing.error.reason"), Data: closing{}}},
		{"closing-confirmer", web.View{Template: "closing", SignedIn: true, Number: or("45675320380001"), Data: closing{Confirm: true, Reason: or("Je ne loue plus.")}}},
		{"closing-demande", web.View{Template: "closing", SignedIn: true, Number: or("45675320380001"), Data: closing{Asked: or("12 mars 2026"), Answer: or("12 avril 2026"), Reason: or("Je ne loue plus.")}}},
		{"closing-seul", web.View{Template: "closing", Department: "69", SignedIn: true, Number: or("45675320380001"), Data: closing{CompanyName: or("Habitat Solidaire du Val d’Émeraude")}}},
		{"confirm", web.View{Template: "confirm", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: struct{ Identifier, Back string }{or("LOG 4F7K29QX"), or("/compte/donnees")}}},
		{"confirm-erreur", web.View{Template: "confirm", SignedIn: true, Number: or("45675320380001"), Values: values, Errors: wrong("mot_de_passe", "self.error.current_wrong"), Data: struct{ Identifier, Back string }{or("LOG 4F7K29QX"), or("/compte")}}},
		{"proof", web.View{Template: "proof", Title: "proof.rules.title", TitleVars: []string{"version", or("3")}, SignedIn: true, Number: or("45675320380001"), Data: struct {
			Kind, Version, Published, SHA256, Accepted, Name, Identifier, Number, CompanyName string
			HTML                                                                              template.HTML
		}{"rules", or("3"), or("12 mars 2026"), or("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), or("12 mars 2026 à 9 h 05"), or("Ali Benhamou"), or("LOG 4F7K29QX"), or("45675320380001"), or("Habitat Solidaire"), text}}},
		{"logout", web.View{Template: "logout", Data: web.LogoutPage{Action: "/deconnexion"}}},
		{"logout-application", web.View{Template: "logout", Redirects: "https://loyers.example/fin", Data: web.LogoutPage{Application: or("Loyers"),
			Action: "/oauth2/logout/suite", Hidden: []web.Hidden{{Name: "state", Value: or("s-1")}}}}},
		{"consent-appareil", web.View{Template: "consent", TitleVars: []string{"application", or("Loyers")}, Data: consent{Application: or("Loyers"), Publisher: or("l’Agence"), UserCode: or("CDFG-3479"), Items: []string{"consent.profile"}}}},
		{"device", web.View{Template: "device", Values: values}},
		{"device-erreur", web.View{Template: "device", Values: values, Errors: wrong("code_appareil", "device.error.wrong")}},
		{"devicedone", web.View{Template: "devicedone", Data: struct{ Application string }{or("Loyers")}}},
		{"devicerefused", web.View{Template: "devicerefused", Data: struct{ Application string }{or("Loyers")}}},
		{"formpost", web.View{Template: "formpost", PostsTo: "https://loyers.example/retour", TitleVars: []string{"application", or("Loyers")}, Data: struct {
			Application, Action string
			Fields              []web.Hidden
		}{or("Loyers"), "https://loyers.example/retour?x=" + url.QueryEscape(or("1")), []web.Hidden{{Name: "code", Value: or("loge_ac_1")}, {Name: "state", Value: or("s-1")}}}}},
		{"loggedout", web.View{Template: "loggedout"}},
		{"leaving", web.View{Template: "leaving", Data: struct{ Application, Target string }{or("Loyers"), "https://loyers.example/" + url.PathEscape(or("parti"))},
			Frames: []web.Frame{{Application: or("Aides"), Address: "https://aides.example/" + url.PathEscape(or("fin")) + "?sid=1"}}}},
		{"expired", web.View{Template: "expired", Data: struct{ Flow, Idle string }{or("01944d5a"), or("30 minutes")}}},
		{"flowexpired", web.View{Template: "flowexpired", Data: struct{ Application string }{or("Loyers")}}},
		{"flowexpired-inconnue", web.View{Template: "flowexpired", Data: struct{ Application string }{}}},
		{"provisionalexpired", web.View{Template: "provisionalexpired", Data: until{or("12 mars 2026"), or("p•••@g•••.fr"), false}}},
		{"provisionalexpired-courrier", web.View{Template: "provisionalexpired", Data: until{or("12 mars 2026"), "", true}}},
		{"suspended", web.View{Template: "suspended", Data: flow}},
		{"dormant", web.View{Template: "dormant"}},
		{"closed", web.View{Template: "closed", Data: flow}},
		{"badrequest", web.View{Template: "badrequest", Status: 400, Data: struct{ Ref string }{or("K7QMX-3RXDT")}}},
		{"accessibility", web.View{Template: "accessibility"}},
		{"legal", web.View{Template: "legal"}},
		{"legal-operateur", web.View{Template: "legal", Data: text}},
		{"privacy", web.View{Template: "privacy"}},
		{"privacy-operateur", web.View{Template: "privacy", Data: text}},
		{"cookies", web.View{Template: "cookies", Data: struct{ Session, Flow, Device string }{"__Host-session", "__Host-flow", "__Host-device"}}},
		{"help", web.View{Template: "help"}},
		{"forgotten", web.View{Template: "forgotten", Data: forgotten{}, Values: values}},
		{"forgotten-lien", web.View{Template: "forgotten", Data: forgotten{Link: true}, Values: values, Errors: wrong("email", "forgotten.error.email_wrong", "", "forgotten.error.wait")}},
		{"forgottensent", web.View{Template: "forgottensent", Data: forgotten{Validity: or("24 heures"), Typed: or("marguerite.lefevre@exemple.fr")}}},
		{"forgottensent-lien", web.View{Template: "forgottensent", Data: forgotten{Link: true, Validity: or("24 heures")}}},
		{"newpassword", web.View{Template: "newpassword", Data: newPassword{or("01944d5a.x"), 12, false, or("LOG 4F7K29QX")}, Values: values}},
		{"newpassword-80-bits", web.View{Template: "newpassword", Data: newPassword{or("01944d5a.x"), 12, true, or("LOG 4F7K29QX")}, Values: values, Errors: wrong("nouveau_mot_de_passe", "password.error.guessable")}},
		{"linkdead", web.View{Template: "linkdead", Data: forgotten{Link: true, Validity: or("24 heures")}}},
		{"linkdead-provisoire", web.View{Template: "linkdead", Data: forgotten{Validity: or("24 heures")}}},
		{"passwordchanged", web.View{Template: "passwordchanged"}},
		{"problem", web.View{Template: "problem", Title: "problem.q0.h1", Data: problem{Key: "problem.q0", Action: "/probleme-de-connexion", Choices: []way{{"problem.q0.identifiant", "identifiant"}, {"problem.q0.oubli", "oubli"}}}}},
		{"problem-erreur", web.View{Template: "problem", Title: "problem.d.h1", Data: problem{Key: "problem.d", Action: "/probleme-de-connexion/x", Back: "/probleme-de-connexion", Choices: []way{{"problem.d.nom", "nom"}}, Chosen: or("nom")}, Errors: wrong("choix", "problem.error.choice")}},
		{"problemtext", web.View{Template: "problemtext", Title: "problem.e.h1", Data: problem{Key: "problem.e", Action: "/probleme-de-connexion/x", Back: "/probleme-de-connexion", Paragraphs: []string{"problem.e.p1"}, Example: true, Ways: []way{{"problem.to.find", "/probleme-de-connexion/retrouver-identifiant"}, {"problem.to.login", "/connexion"}}}}},
		{"problemtext-contact", web.View{Template: "problemtext", Title: "problem.z.h1", Data: problem{Key: "problem.z", Action: "/probleme-de-connexion/x", Contact: true, Reference: or("CDFGH-JKMNP")}}},
		{"problemtext-envoye", web.View{Template: "problemtext", Title: "problem.a1s.h1", Data: problem{Key: "problem.a1s", Action: "/probleme-de-connexion/x", Nothing: true, Typed: or("marguerite.lefevre@exemple.fr")}}},
		{"problemform", web.View{Template: "problemform", Title: "problem.a1.h1", Data: problem{Key: "problem.a1", Action: "/probleme-de-connexion/x", Ways: []way{{"problem.to.number", "/probleme-de-connexion/numero-utilisateur"}}}, Values: values, Errors: wrong("numero", "problem.error.number_length")}},
		{"problemform-courrier", web.View{Template: "problemform", Title: "problem.c3.h1", Data: problem{Key: "problem.c3", Action: "/probleme-de-connexion/x", Letters: true}, Values: values, Errors: wrong("code_postal", "problem.error.post_code_missing")}},
	}...)
}
