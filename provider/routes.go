package provider

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"loge/provider/delivery"
	"loge/provider/self"
	"loge/provider/signin"
	"loge/provider/web"
)

// page is a handler whose error becomes a page.
type page = func(http.ResponseWriter, *http.Request) error

// routes lists every address of the server. A page passes through page, with
// cross-origin protection; an endpoint of the protocol through protocol,
// because partners post from elsewhere.
func (p *Provider) routes() (http.Handler, error) {
	var err error
	if p.router, err = p.newRouter(); err != nil {
		return nil, err
	}
	h, err := fixed(p.router)
	return p.around(h), err
}

func (p *Provider) newRouter() (*mux.Router, error) {
	protect, err := web.CrossOrigin(p.Config.Issuer, p.pages.Stale())
	if err != nil {
		return nil, err
	}
	r := mux.NewRouter()
	r.Use(web.Route)
	r.NotFoundHandler = p.pages.NotFound()
	r.MethodNotAllowedHandler = p.pages.MethodNotAllowed(func(req *http.Request) string { return allowed(r, req) })

	show := func(path string, h page) { r.Handle(path, protect(p.pages.Handle(h))).Methods("GET", "HEAD") }
	post := func(path string, h page) { r.Handle(path, protect(p.pages.Handle(h))).Methods("POST") }
	step := func(path string, form, submit page) { show(path, form); post(path, submit) }
	protocol := func(path string, h http.Handler, methods ...string) { r.Handle(path, h).Methods(methods...) }
	// Browser applications as well read what is published and call what is shared.
	published := func(path string, h http.HandlerFunc) { protocol(path, web.AnyOrigin(h), "GET", "HEAD", "OPTIONS") }
	shared := func(path string, h http.HandlerFunc, methods ...string) {
		protocol(path, web.AnyOrigin(h, "WWW-Authenticate", "DPoP-Nonce"), append(methods, "OPTIONS")...)
	}

	// Sign-in, in the order in which a person sees it.
	step("/connexion", p.signin.Login, p.signin.SubmitLogin)
	show("/connexion/suite", p.signin.Suite)
	show("/connexion/changer", p.signin.Change)
	step("/connexion/compte", p.signin.Choose, p.signin.SubmitChoose)
	turn, second := p.signin.Turn, p.secondfactor
	step("/connexion/verification", turn(signin.Factor, second.Verify), turn(signin.Factor, second.SubmitVerify))
	post("/connexion/verification/cle", turn(signin.Factor, second.SubmitKey))
	step("/connexion/administrateur", p.signin.Administrator, p.signin.SubmitAdministrator)
	step("/connexion/renseignements", p.signin.Details, p.signin.SubmitDetails)
	step("/connexion/code", p.signin.Email, p.signin.SubmitEmail)
	post("/connexion/code/renvoyer", p.signin.ResendCode)
	post("/connexion/adresse", p.signin.ChangeEmail)
	step("/connexion/mot-de-passe", p.signin.Password, p.signin.SubmitPassword)
	step("/connexion/regles", p.signin.Rules, p.signin.SubmitRules)
	step("/connexion/conditions", p.signin.Terms, p.signin.SubmitTerms)
	step("/connexion/double-verification", turn(signin.Enrolment, second.Invite), turn(signin.Enrolment, second.Decline))
	step("/connexion/double-verification/application", turn(signin.Enrolment, second.Application), turn(signin.Enrolment, second.SubmitApplication))
	step("/connexion/double-verification/cle", turn(signin.Enrolment, second.Key), turn(signin.Enrolment, second.SubmitNewKey))
	step("/connexion/codes-de-secours", turn(signin.Codes, second.Codes), turn(signin.Codes, second.SubmitCodes))
	show("/connexion/refus", p.signin.Refuse)
	step("/connexion/acces", p.signin.Access, p.signin.SubmitAccess)
	step("/connexion/partage", p.signin.Consent, p.signin.SubmitConsent)
	post("/connexion/arreter", p.signin.Stop)
	step("/connexion/prolonger", p.signin.Remaining, p.signin.Extend)
	show("/connexion/expiration", p.signin.Expiration)
	step("/deconnexion", p.signin.Logout, p.signin.SubmitLogout)
	step("/appareil", p.oauth.DevicePage, p.oauth.SubmitDevice)
	show("/", p.signin.Home)
	show("/compte", p.signin.SignedIn(p.self.Account))
	step("/compte/mot-de-passe", p.signin.SignedIn(p.self.Password), p.signin.SignedIn(p.self.SubmitPassword))
	step("/compte/confirmer", p.signin.SignedIn(p.self.Confirm), p.signin.SignedIn(p.self.SubmitConfirm))
	step("/compte/fermeture", p.signin.SignedIn(p.self.Confirmed(p.self.Closing)), p.signin.SignedIn(p.self.Confirmed(p.self.SubmitClosing)))
	post("/compte/fermeture/retirer", p.signin.SignedIn(p.self.WithdrawClosing))
	show("/compte/donnees", p.signin.SignedIn(p.self.Confirmed(p.self.Data)))
	show("/compte/donnees.json", p.signin.SignedIn(p.self.Confirmed(p.self.DataFile)))
	step("/compte/renseignements", p.signin.SignedIn(p.self.Details), p.signin.SignedIn(p.self.SubmitDetails))
	step("/compte/adresse-e-mail", p.signin.SignedIn(p.self.Email), p.signin.SignedIn(p.self.SubmitEmail))
	step("/compte/adresse-e-mail/code", p.signin.SignedIn(p.self.Code), p.signin.SignedIn(p.self.SubmitCode))
	post("/compte/adresse-e-mail/renvoyer", p.signin.SignedIn(p.self.ResendCode))
	step(delivery.UndoPath, p.self.Undo, p.self.SubmitUndo)
	show("/adresse-e-mail/annule", p.self.Undone)
	confirmed := func(h self.Handler) page { return p.signin.SignedIn(p.self.Confirmed(h)) }
	show("/compte/double-verification", p.signin.SignedIn(second.List))
	step("/compte/double-verification/application", confirmed(second.Application), confirmed(second.SubmitApplication))
	step("/compte/double-verification/cle", confirmed(second.Key), confirmed(second.SubmitNewKey))
	step("/compte/double-verification/codes", confirmed(second.Renew), confirmed(second.SubmitRenew))
	step("/compte/double-verification/retirer", confirmed(second.Remove), confirmed(second.SubmitRemove))
	post("/compte/appareils/deconnecter", p.signin.SignedIn(p.self.EndDevice))
	post("/compte/appareils/autres", p.signin.SignedIn(p.self.EndOthers))
	show("/compte/textes/{kind}/{version}", p.signin.SignedIn(p.self.Proof))
	show("/compte/applications", p.signin.Applications)
	step("/compte/applications/retrait", p.signin.Withdraw, p.signin.SubmitWithdraw)
	protocol("/applications/{id}/logo", p.pages.Handle(p.signin.Logo), "GET", "HEAD")

	// Mon organisme. What gives or takes access asks for a recent proof of the
	// password.
	own := func(h self.Handler) page { return p.signin.SignedIn(p.self.Confirmed(h)) }
	o := p.organisation
	show("/organisme", p.signin.SignedIn(o.List))
	step("/organisme/ajouter", own(o.Invite), own(o.SubmitInvite))
	post("/organisme/revue", own(o.SubmitReview))
	step("/organisme/adresse", own(o.Contact), own(o.SubmitContact))
	step("/organisme/adresse/code", own(o.ContactCode), own(o.SubmitContactCode))
	post("/organisme/adresse/renvoyer", own(o.ResendContactCode))
	show("/organisme/journal", p.signin.SignedIn(o.Journal))
	show("/organisme/personnes/{id}", p.signin.SignedIn(o.Person))
	post("/organisme/personnes/{id}/droits", own(o.SubmitRights))
	post("/organisme/personnes/{id}/mot-de-passe", own(o.SubmitResend))
	post("/organisme/personnes/{id}/suspendre", own(o.SubmitSuspend))
	post("/organisme/personnes/{id}/rouvrir", own(o.SubmitReopen))
	step("/organisme/personnes/{id}/retirer", own(o.Remove), own(o.SubmitRemove))
	step("/organisme/personnes/{id}/collaborateur", own(o.Demote), own(o.SubmitDemote))
	step("/organisme/personnes/{id}/administrateur", own(o.Appoint), own(o.SubmitAppoint))
	step("/organisme/passer-le-role", own(o.HandOver), own(o.SubmitHandOver))
	step("/organisme/role", own(o.Role), own(o.SubmitRole))
	post("/organisme/role/annuler", p.signin.SignedIn(o.SubmitWithdraw))
	show("/textes/{kind}/{version}", p.signin.Text)

	// OpenID Connect.
	published("/.well-known/openid-configuration", p.oauth.Discovery)
	published("/.well-known/oauth-authorization-server", p.oauth.Discovery)
	published("/oauth2/jwks", p.oauth.JWKS)
	protocol("/oauth2/authorize", p.pages.Handle(p.oauth.Authorize), "GET", "POST")
	protocol("/oauth2/authorize/suite", p.pages.Handle(p.oauth.Resume), "GET")
	shared("/oauth2/token", p.oauth.Token, "POST")
	shared("/oauth2/par", p.oauth.PushRequest, "POST")
	protocol("/oauth2/register", http.HandlerFunc(p.oauth.Register), "POST")
	protocol("/oauth2/register/{id}", http.HandlerFunc(p.oauth.Registration), "GET", "PUT", "DELETE")
	shared("/oauth2/userinfo", p.oauth.UserInfo, "GET", "POST")
	shared("/oauth2/revoke", p.oauth.Revoke, "POST")
	protocol("/oauth2/device", http.HandlerFunc(p.oauth.Device), "POST")
	protocol("/oauth2/introspect", http.HandlerFunc(p.oauth.Introspect), "POST")
	protocol("/oauth2/logout", p.pages.Handle(p.oauth.Logout), "GET", "POST")
	post("/oauth2/logout/suite", p.oauth.SubmitLogout)

	// For people who cannot sign in.
	step("/mot-de-passe-oublie", p.recovery.Forgotten, p.recovery.SubmitForgotten)
	show("/mot-de-passe-oublie/envoye", p.recovery.Sent)
	step(delivery.ResetPath, p.recovery.Choose, p.recovery.SubmitChoose)
	show("/mot-de-passe-oublie/termine", p.recovery.Changed)
	step("/probleme-de-connexion", p.recovery.Problem, p.recovery.SubmitProblem)
	step("/probleme-de-connexion/{etape}", p.recovery.Problem, p.recovery.SubmitProblem)

	// Help and the pages of the footer.
	for path, template := range map[string]string{
		"/aide":          "help",
		"/accessibilite": "accessibility",
	} {
		r.Handle(path, p.pages.Show(template)).Methods("GET", "HEAD")
	}
	show("/cookies", p.static("cookies", p.cookies))
	show("/mentions-legales", p.static("legal", p.notices.legal))
	show("/donnees-personnelles", p.static("privacy", p.notices.privacy))
	protocol("/static/{name}", p.pages.Static(), "GET", "HEAD")

	return r, nil
}

// around is what every answer passes through, unknown addresses included, for
// which the router runs no middleware of its own. Outermost first.
func (p *Provider) around(h http.Handler) http.Handler {
	h = web.SecurityHeaders(p.Config.Issuer)(originForm(h))
	h = p.pages.Recover(h)
	h = web.AccessLog(p.Log, p.Now, p.Config.TrustedProxies, p.Telemetry.Answered)(h)
	return web.WithRequest(h)
}

// originForm forgets the host of a request target in absolute form, as only
// proxies are sent: the router would repeat it when it redirects to a clean path.
func originForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme, r.URL.Host, r.URL.User = "", "", nil
		next.ServeHTTP(w, r)
	})
}

func (p *Provider) static(template string, data any) page {
	return func(w http.ResponseWriter, r *http.Request) error {
		return p.pages.Render(w, r, web.View{Template: template, Data: data})
	}
}

// allowed lists the methods of an address, as a 405 must (RFC 9110 §15.5.6).
func allowed(r *mux.Router, req *http.Request) string {
	var methods []string
	// The walk ends without error: this function returns none.
	_ = r.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		names, err := route.GetMethods()
		if err != nil {
			return nil // the route has no methods: none exists, a test sees to it
		}
		for _, name := range names {
			probe := req.Clone(req.Context())
			probe.Method = name
			if route.Match(probe, &mux.RouteMatch{}) && !slices.Contains(methods, name) {
				methods = append(methods, name)
			}
		}
		return nil
	})
	return strings.Join(methods, ", ")
}
