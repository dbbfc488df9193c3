package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"loge/provider"
	"loge/provider/operator"
	"loge/storage"
)

type clientCmd struct {
	Add         clientAddCmd         `cmd:"" help:"Register a partner application; its secret is shown once."`
	Apply       clientApplyCmd       `cmd:"" help:"Register and change partner applications as a file says; the difference is shown first."`
	Export      clientExportCmd      `cmd:"" help:"Print partner applications as a file for loge client apply."`
	List        clientListCmd        `cmd:"" help:"List the partner applications."`
	Show        clientShowCmd        `cmd:"" help:"Show a partner application."`
	Secret      clientSecretCmd      `cmd:"" help:"Give a partner application a new secret, shown once; the former one ends at once, or after an overlap."`
	Invite      clientInviteCmd      `cmd:"" help:"Let somebody register applications: make an access token for it, shown once."`
	Invitations clientInvitationsCmd `cmd:"" help:"List the invitations that can be used."`
	Uninvite    clientUninviteCmd    `cmd:"" help:"End an invitation."`
	Disable     clientDisableCmd     `cmd:"" help:"End a partner application's access at once."`
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
	Auth         string   `help:"client_secret_basic, client_secret_post, private_key_jwt, tls_client_auth, self_signed_tls_client_auth, or none for an application that can keep no secret." default:"client_secret_basic"`
	Subject      string   `help:"pairwise or public." default:"pairwise"`
	Sector       string   `help:"Applications of one sector see the same subject; the host of the redirect address when left out."`
	Alg          string   `help:"Signature of ID tokens: RS256, PS256, ES256 or EdDSA." default:"RS256"`
	OptionalPKCE bool     `help:"Accept requests without PKCE, for old libraries." name:"optional-pkce"`
	Consent      string   `help:"ask, or inform for applications of the agency itself." default:"ask"`
	GrantType    []string `help:"authorization_code, refresh_token, client_credentials. Default: authorization_code, with refresh_token where the scope offline_access is." name:"grant-type"`
	Audience     []string `help:"client_id of an interface that its access tokens are meant for, and that may introspect them." placeholder:"ID"`
	clientAddMore
}

// clientAddMore are the flags for the rest of what is common; the file of
// loge client apply has everything.
type clientAddMore struct {
	ClientURI    string        `help:"Its home page." name:"client-uri" placeholder:"URL"`
	LogoURI      string        `help:"Its logo, PNG or JPEG up to 512 x 512; fetched once and shown from here." name:"logo-uri" placeholder:"URL"`
	TOSURI       string        `help:"Its terms of service." name:"tos-uri" placeholder:"URL"`
	Contact      []string      `help:"E-mail address of whoever looks after it; repeat for several." placeholder:"ADDRESS"`
	Initiate     string        `help:"Where it begins a sign-in that starts here; puts it on people's page." name:"initiate-login-uri" placeholder:"URL"`
	SectorURI    string        `help:"File that lists the redirect addresses of its sector." name:"sector-identifier-uri" placeholder:"URL"`
	JWKS         string        `help:"File with its public keys." name:"jwks" type:"existingfile" placeholder:"FILE"`
	JWKSURI      string        `help:"Where its public keys are." name:"jwks-uri" placeholder:"URL"`
	Right        []string      `help:"Something people may do in it: NAME=SENTENCE; repeat for several. Members of organisations then need one of them to open it." sep:"none" placeholder:"NAME=SENTENCE"`
	ACR          []string      `help:"Level that a sign-in must reach for it: urn:loge:acr:two-factor wants the double vérification; repeat for several that will do." name:"acr" placeholder:"LEVEL"`
	RequirePAR   bool          `help:"Take its authorization requests by PAR only." name:"require-par"`
	JWTAccess    bool          `help:"Give it access tokens that are JWTs." name:"jwt-access"`
	AccessLife   time.Duration `help:"How long its access tokens live; the setting when left out." placeholder:"DURATION"`
	IDLife       time.Duration `help:"How long its ID tokens live." name:"id-life" placeholder:"DURATION"`
	RefreshIdle  time.Duration `help:"How long it may leave a refresh token unused." placeholder:"DURATION"`
	RefreshTotal time.Duration `help:"How long it keeps access after one sign-in." placeholder:"DURATION"`
}

func (m clientAddMore) metadata() (storage.ClientMetadata, error) {
	seconds := func(d time.Duration) int64 { return int64(d.Seconds()) }
	data := storage.ClientMetadata{ClientURI: m.ClientURI, LogoURI: m.LogoURI, TOSURI: m.TOSURI, Contacts: m.Contact, InitiateLoginURI: m.Initiate,
		SectorIdentifierURI: m.SectorURI, JWKSURI: m.JWKSURI, RequirePushedAuthorizationRequests: m.RequirePAR,
		DefaultACRValues: m.ACR, AccessTokenLifetime: seconds(m.AccessLife), IDTokenLifetime: seconds(m.IDLife),
		RefreshIdleLifetime: seconds(m.RefreshIdle), RefreshAbsoluteLifetime: seconds(m.RefreshTotal)}
	for _, right := range m.Right {
		name, sentence, _ := strings.Cut(right, "=")
		data.Rights = append(data.Rights, storage.Right{Name: name, Sentence: sentence})
	}
	if m.JWTAccess {
		data.AccessTokenFormat = storage.FormatJWT
	}
	if m.JWKS == "" {
		return data, nil
	}
	keys, err := os.ReadFile(m.JWKS)
	if err == nil && !json.Valid(keys) {
		err = errors.New("not JSON")
	}
	if err != nil {
		return data, fmt.Errorf("%s: %w", m.JWKS, err)
	}
	data.JWKS = keys
	return data, nil
}

func (c clientAddCmd) Run(a *app) error {
	metadata, err := c.metadata()
	if err != nil {
		return err
	}
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	office := &operator.Operator{DB: db, Now: a.now, Actor: actor(), Outbound: provider.Outbound(cfg)}
	client, secret, err := office.AddClient(a.ctx, operator.NewClient{ID: c.ID, Name: c.Name, Publisher: c.Publisher, Purpose: c.Purpose,
		PolicyURI: c.PolicyURI, RedirectURIs: c.RedirectURI, PostLogoutRedirectURIs: c.PostLogout, BackchannelLogoutURI: c.Backchannel,
		Scopes: c.Scope, AuthMethod: c.Auth, SubjectType: c.Subject, Sector: c.Sector,
		IDTokenAlg: c.Alg, OptionalPKCE: c.OptionalPKCE, Consent: c.Consent, GrantTypes: c.GrantType, Audiences: c.Audience, Metadata: metadata})
	if err != nil {
		return err
	}
	return a.print(detailsOf(client, secret), func() {
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
		list = append(list, detailsOf(c, ""))
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
