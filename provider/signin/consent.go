package signin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"loge/provider/account"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

type consentPage struct {
	Flow        string
	Application string
	Publisher   string
	Purpose     string
	PolicyURI   string
	Items       []string // text keys
	Inform      bool     // an application of the operator's own: told, not asked
	Ready       bool     // right after the first sign-in
	Identifier  string
	Offline     string // how long access is kept, "" = not asked for
	UserCode    string // what a device shows that waits for the answer, "" = none
	TOSURI      string
	Logo        string // our own address of its logo, "" = none
}

// shown are the scopes that have a line on the page, in its order. openid has
// none: it shares nothing about the person.
var shown = []string{"profile", "email", "phone", "address", "bailleur", "organisme", "habilitations"}

// Consent asks whether the application may see what it asks for. It is asked
// once for each application and scope.
func (s *Signin) Consent(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Consent, func(w http.ResponseWriter, r *http.Request, v visit) error {
		client, err := s.DB.Client(r.Context(), v.Flow.ClientID)
		if err != nil {
			return fmt.Errorf("load application: %w", err)
		}
		logo, err := s.logoOf(r, client.ID, client.Metadata.LogoURI)
		if err != nil {
			return err
		}
		return s.render(w, r, v, web.View{Template: "consent", TitleVars: []string{"application", client.Name}, Data: consentPage{
			Flow: v.request(), Application: client.Name, Publisher: client.Publisher, Purpose: client.Purpose, PolicyURI: client.PolicyURI,
			Items: items(v), Offline: s.offline(v, client), TOSURI: client.Metadata.TOSURI, Logo: logo,
			UserCode: v.Flow.UserCode, Inform: client.Consent == storage.ConsentInform,
			Ready: v.activatedNow(), Identifier: account.FormatIdentifier(v.User.Identifier)}})
	})
}

// items are the lines for the scopes that were asked for. An individual has no
// organisation to tell about.
func items(v visit) []string { return itemsOf(v.Flow.Scopes, v) }

func itemsOf(scopes string, v visit) (keys []string) {
	asked := strings.Fields(scopes)
	for _, scope := range shown {
		if slices.Contains(asked, scope) && (scope != "organisme" || v.Account.Kind == storage.Organisation) {
			keys = append(keys, "consent."+scope)
		}
	}
	return keys
}

// offline says how long the application keeps access while the person is away,
// "" when it did not ask for that.
func (s *Signin) offline(v visit, c storage.Client) string {
	if !storage.HasWord(v.Flow.Scopes, "offline_access") {
		return ""
	}
	if own := c.Metadata.RefreshAbsoluteLifetime; own > 0 {
		return text.Duration(time.Duration(own) * time.Second)
	}
	return text.Duration(s.Security.RefreshToken.Absolute)
}

// SubmitConsent stores the answer and returns to the application, which is told
// either way.
func (s *Signin) SubmitConsent(w http.ResponseWriter, r *http.Request) error {
	return s.turn(w, r, Consent, func(w http.ResponseWriter, r *http.Request, v visit) error {
		ctx, now := r.Context(), storage.At(s.Now())
		details := map[string]string{"client": v.Flow.ClientID, "scopes": v.Flow.Scopes}
		var store func(q *storage.Queries) error
		switch v.Form.Get("choix") {
		case "autoriser":
			store = func(q *storage.Queries) error {
				consent := storage.Consent{UserID: v.User.ID, ClientID: v.Flow.ClientID, Scopes: v.Flow.Scopes, GrantedAt: now}
				if err := q.SaveConsent(ctx, consent); err != nil {
					return err
				}
				if err := q.SetFlowConsented(ctx, v.Flow.ID, now); err != nil {
					return err
				}
				return q.Audit(ctx, s.event(v.User, "consent.granted", details))
			}
		case "refuser":
			store = func(q *storage.Queries) error {
				if err := q.SetFlowDenied(ctx, v.Flow.ID, now); err != nil {
					return err
				}
				return q.Audit(ctx, s.event(v.User, "consent.denied", details))
			}
		default:
			web.SeeOther(w, r, v.with(Consent.path()))
			return nil
		}
		if err := s.DB.InTx(ctx, store); err != nil {
			return fmt.Errorf("store consent: %w", err)
		}
		return s.onward(w, r, v)
	})
}
