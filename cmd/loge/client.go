package main

import (
	"fmt"
	"strings"

	"loge/provider/operator"
	"loge/storage"
)

type clientCmd struct {
	Add     clientAddCmd     `cmd:"" help:"Register a partner application; its secret is shown once."`
	List    clientListCmd    `cmd:"" help:"List the partner applications."`
	Show    clientShowCmd    `cmd:"" help:"Show a partner application."`
	Secret  clientSecretCmd  `cmd:"" help:"Give a partner application a new secret, shown once; the former one ends at once."`
	Disable clientDisableCmd `cmd:"" help:"End a partner application's access at once."`
}

type clientAddCmd struct {
	Name         string   `help:"What people read when they are asked to share their data." required:""`
	ID           string   `help:"client_id; made of the name when left out." name:"id"`
	RedirectURI  []string `help:"Where answers may go, to the letter; repeat for several. Needed where people sign in." name:"redirect-uri" sep:"none" placeholder:"URL"`
	PostLogout   []string `help:"Where browsers may go after a sign-out, to the letter; repeat for several." name:"post-logout-redirect-uri" sep:"none" placeholder:"URL"`
	Backchannel  string   `help:"Where it is told that somebody has signed out." name:"backchannel-logout-uri" placeholder:"URL"`
	Publisher    string   `help:"Who runs it; the name when left out."`
	Purpose      string   `help:"What the data is for, one sentence people read."`
	PolicyURI    string   `help:"Its privacy policy." name:"policy-uri" placeholder:"URL"`
	Scope        []string `help:"What it may ask for beside openid: ${scopes}. Default: profile,email,bailleur. For client_credentials also those of an interface, such as quittances:lire."`
	Auth         string   `help:"client_secret_basic, client_secret_post, or none for an application that can keep no secret." default:"client_secret_basic"`
	Subject      string   `help:"pairwise or public." default:"pairwise"`
	Sector       string   `help:"Applications of one sector see the same subject; the host of the redirect address when left out."`
	Alg          string   `help:"Signature of ID tokens: RS256 or ES256." default:"RS256"`
	OptionalPKCE bool     `help:"Accept requests without PKCE, for old libraries." name:"optional-pkce"`
	Consent      string   `help:"ask, or inform for applications of the agency itself." default:"ask"`
	GrantType    []string `help:"authorization_code, refresh_token, client_credentials. Default: authorization_code, with refresh_token where the scope offline_access is." name:"grant-type"`
	Audience     []string `help:"client_id of an interface that its access tokens are meant for, and that may introspect them." placeholder:"ID"`
}

// clientDetails is a client as it is shown; no hash of its secret.
type clientDetails struct {
	ID           string   `json:"client_id"`
	Secret       string   `json:"client_secret,omitempty"` // only when it has just been made
	Name         string   `json:"name"`
	Publisher    string   `json:"publisher"`
	Purpose      string   `json:"purpose"`
	PolicyURI    string   `json:"policy_uri"`
	RedirectURIs []string `json:"redirect_uris"`
	PostLogout   []string `json:"post_logout_redirect_uris,omitempty"`
	Backchannel  string   `json:"backchannel_logout_uri,omitempty"`
	Scopes       []string `json:"scopes"`
	Auth         string   `json:"token_endpoint_auth_method"`
	Subject      string   `json:"subject_type"`
	Sector       string   `json:"sector"`
	Alg          string   `json:"id_token_signed_response_alg"`
	RequirePKCE  bool     `json:"require_pkce"`
	Consent      string   `json:"consent"`
	GrantTypes   []string `json:"grant_types"`
	Audiences    []string `json:"audiences,omitempty"`
	Created      string   `json:"created"`
	SecretMade   string   `json:"secret_made,omitempty"`
	Disabled     string   `json:"disabled,omitempty"`
}

func clientOf(c storage.Client, secret string) clientDetails {
	return clientDetails{ID: c.ID, Secret: secret, Name: c.Name, Publisher: c.Publisher, Purpose: c.Purpose, PolicyURI: c.PolicyURI,
		RedirectURIs: c.RedirectURIs, PostLogout: c.PostLogoutRedirectURIs, Backchannel: c.BackchannelLogoutURI,
		Scopes: strings.Fields(c.Scopes), Auth: c.AuthMethod, Subject: c.SubjectType, Sector: c.Sector,
		Alg: c.IDTokenAlg, RequirePKCE: c.RequirePKCE, Consent: c.Consent, GrantTypes: strings.Fields(c.GrantTypes), Audiences: strings.Fields(c.Audiences), Created: date(c.CreatedAt), SecretMade: date(c.SecretCreatedAt),
		Disabled: date(c.DisabledAt)}
}

func (c clientAddCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	office := &operator.Operator{DB: db, Now: a.now, Actor: actor()}
	client, secret, err := office.AddClient(a.ctx, operator.NewClient{ID: c.ID, Name: c.Name, Publisher: c.Publisher, Purpose: c.Purpose,
		PolicyURI: c.PolicyURI, RedirectURIs: c.RedirectURI, PostLogoutRedirectURIs: c.PostLogout, BackchannelLogoutURI: c.Backchannel,
		Scopes: c.Scope, AuthMethod: c.Auth, SubjectType: c.Subject, Sector: c.Sector,
		IDTokenAlg: c.Alg, OptionalPKCE: c.OptionalPKCE, Consent: c.Consent, GrantTypes: c.GrantType, Audiences: c.Audience})
	if err != nil {
		return err
	}
	return a.print(clientOf(client, secret), func() {
		a.say("%s is registered. Its developer needs:\n", client.Name)
		a.say("  issuer         %s", cfg.Issuer)
		a.say("  client_id      %s", client.ID)
		if secret != "" {
			a.say("  client_secret  %s", secret)
		}
		a.say("  scopes         %s", client.Scopes)
		if secret != "" {
			a.say("\nThe secret is shown this once. loge client secret %s makes a new one.", client.ID)
		}
	})
}

type clientListCmd struct{}

func (clientListCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	clients, err := db.Clients(a.ctx)
	if err != nil {
		return fmt.Errorf("list clients: %w", err)
	}
	list := make([]clientDetails, 0, len(clients))
	for _, c := range clients {
		list = append(list, clientOf(c, ""))
	}
	return a.print(map[string]any{"clients": list}, func() {
		for _, c := range list {
			state := "active"
			if c.Disabled != "" {
				state = "disabled"
			}
			a.say("%-24s  %-8s  %s", c.ID, state, c.Name)
		}
		if len(list) == 0 {
			a.say("No partner application. Register one with loge client add --name NAME --redirect-uri URL")
		}
	})
}

type clientShowCmd struct {
	ID string `arg:"" help:"client_id."`
}

func (c clientShowCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	stored, err := (&operator.Operator{DB: db}).Client(a.ctx, c.ID)
	if err != nil {
		return err
	}
	d := clientOf(stored, "")
	return a.print(d, func() {
		for _, line := range [][2]string{
			{"client_id", d.ID}, {"name", d.Name}, {"publisher", d.Publisher}, {"purpose", d.Purpose}, {"policy", d.PolicyURI},
			{"redirect", strings.Join(d.RedirectURIs, "\n               ")}, {"after logout", strings.Join(d.PostLogout, "\n               ")},
			{"back-channel", d.Backchannel}, {"scopes", strings.Join(d.Scopes, " ")},
			{"grants", strings.Join(d.GrantTypes, " ")}, {"audience", strings.Join(d.Audiences, " ")}, {"auth", d.Auth}, {"subject", strings.TrimSpace(d.Subject + " " + d.Sector)}, {"id token", d.Alg}, {"consent", d.Consent},
			{"created", d.Created}, {"secret made", d.SecretMade}, {"disabled", d.Disabled},
		} {
			if line[1] != "" {
				a.say("%-13s  %s", line[0], line[1])
			}
		}
		if !d.RequirePKCE {
			a.say("%-13s  optional", "PKCE")
		}
	})
}

type clientSecretCmd struct {
	ID string `arg:"" help:"client_id."`
}

func (c clientSecretCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	secret, err := office.RenewClientSecret(a.ctx, c.ID)
	if err != nil {
		return err
	}
	return a.print(map[string]string{"client_id": c.ID, "client_secret": secret}, func() {
		a.say("  client_secret  %s\n\nThe secret is shown this once; the former one is refused from now on.", secret)
	})
}

type clientDisableCmd struct {
	ID string `arg:"" help:"client_id."`
}

func (c clientDisableCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	if err := office.DisableClient(a.ctx, c.ID); err != nil {
		return err
	}
	return a.print(map[string]any{"client_id": c.ID, "disabled": true}, func() {
		a.say("%s is disabled: nobody signs in through it, and its tokens are refused.", c.ID)
	})
}
