package signin

// Step is one page of the sign-in.
type Step string

// The steps, in order. Done means that nothing is left to ask.
const (
	Login         Step = "login"
	Choose        Step = "choose"
	Factor        Step = "factor"
	Administrator Step = "administrator"
	Details       Step = "details"
	Email         Step = "email"
	Password      Step = "password"
	Rules         Step = "rules"
	Terms         Step = "terms"
	Access        Step = "access"
	Enrolment     Step = "enrolment"
	Codes         Step = "codes"
	Consent       Step = "consent"
	Done          Step = ""
)

// State is what the table needs to know of one browser, its user and its
// request. The zero State is a browser that is not signed in.
type State struct {
	SignedIn               bool
	SignInTooOld           bool // the application wants a fresh one
	AccountUnchosen        bool // the application wants it asked which
	FactorUnproven         bool // the person has a factor, and has not shown it since the password
	AdministratorUndecided bool // first person of an organisation, not asked yet
	DetailsMissing         bool
	EmailUnconfirmed       bool
	PasswordMissing        bool // after a provisional one, when a change was ordered, or when it is too short for an administrator
	RulesPending           bool
	TermsPending           bool
	RightMissing           bool // in the application that asks
	FactorMissing          bool // the operator or the application wants one, and the person has none
	CodesUnnoted           bool // recovery codes are on the screen
	ConsentMissing         bool // of the application that asks
}

// steps lists the pages in order, each with the reason to show it.
var steps = []struct {
	Step Step
	Path string
	When func(State) bool
}{
	{Login, "/connexion", func(s State) bool { return !s.SignedIn || s.SignInTooOld }},
	{Choose, "/connexion/compte", func(s State) bool { return s.AccountUnchosen }},
	{Factor, "/connexion/verification", func(s State) bool { return s.FactorUnproven }},
	{Administrator, "/connexion/administrateur", func(s State) bool { return s.AdministratorUndecided }},
	{Details, "/connexion/renseignements", func(s State) bool { return s.DetailsMissing }},
	{Email, "/connexion/code", func(s State) bool { return s.EmailUnconfirmed }},
	{Password, "/connexion/mot-de-passe", func(s State) bool { return s.PasswordMissing }},
	{Rules, "/connexion/regles", func(s State) bool { return s.RulesPending }},
	{Terms, "/connexion/conditions", func(s State) bool { return s.TermsPending }},
	{Access, "/connexion/acces", func(s State) bool { return s.RightMissing }},
	{Enrolment, "/connexion/double-verification", func(s State) bool { return s.FactorMissing }},
	{Codes, "/connexion/codes-de-secours", func(s State) bool { return s.CodesUnnoted }},
	{Consent, "/connexion/partage", func(s State) bool { return s.ConsentMissing }},
}

// Next returns the step whose turn it is: the first that has a reason.
func Next(s State) Step {
	for _, step := range steps {
		if step.When(s) {
			return step.Step
		}
	}
	return Done
}

// path is where the step is shown.
func (s Step) path() string {
	for _, step := range steps {
		if step.Step == s {
			return step.Path
		}
	}
	return "/"
}
