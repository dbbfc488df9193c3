package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"loge/provider/operator"
	"loge/provider/registry"
	"loge/storage"
)

// clientDetails is a client as it is shown, with the names of its file; no hash
// of its secret.
type clientDetails struct {
	registry.Document
	Secret      string `json:"client_secret,omitempty"` // only when it has just been made
	Created     string `json:"created"`
	SecretMade  string `json:"secret_made,omitempty"`
	FormerUntil string `json:"former_secret_until,omitempty"`
	Registered  bool   `json:"registered_itself,omitempty"`
	Disabled    string `json:"disabled,omitempty"`
}

func detailsOf(c storage.Client, secret string) clientDetails {
	return clientDetails{Document: registry.Of(c), Secret: secret, Created: date(c.CreatedAt), SecretMade: date(c.SecretCreatedAt),
		FormerUntil: date(c.FormerSecretUntil), Registered: len(c.RegistrationHash) > 0, Disabled: date(c.DisabledAt)}
}

type clientShowCmd struct {
	ID string `arg:"" help:"client_id."`
}

// words are plain words for the names of a client's fields.
var words = map[string]string{
	"client_name": "name", "policy_uri": "policy", "redirect_uris": "redirect", "post_logout_redirect_uris": "after logout",
	"backchannel_logout_uri": "back-channel", "frontchannel_logout_uri": "front-channel", "scope": "scopes", "grant_types": "grants",
	"audiences": "audience", "token_endpoint_auth_method": "auth", "subject_type": "subject", "id_token_signed_response_alg": "id token",
	"require_pkce": "PKCE", "client_uri": "home page", "logo_uri": "logo", "tos_uri": "terms", "initiate_login_uri": "starts at",
	"jwks": "keys", "jwks_uri": "keys at", "sector_identifier_uri": "sector file", "access_token_format": "access token",
	"require_pushed_authorization_requests": "PAR", "require_signed_request_object": "signed requests",
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
	d := detailsOf(stored, "")
	fields, err := d.Fields()
	if err != nil {
		return err
	}
	return a.print(d, func() {
		for _, f := range fields {
			name, known := words[f.Name]
			if !known {
				name = strings.ReplaceAll(f.Name, "_", " ")
			}
			if f.Name == "client_id" {
				name = f.Name
			}
			if f.Name == "response_types" || f.Name == "require_pkce" && stored.RequirePKCE {
				continue
			}
			a.field(name, plain(f))
		}
		a.field("created", d.Created)
		a.field("secret made", d.SecretMade)
		if now := storage.At(a.now()); stored.FormerSecretUntil > now {
			a.field("former secret", "valid until "+stored.FormerSecretUntil.Time().Format(time.RFC3339))
		}
		if d.Registered {
			a.field("registered", "by itself, with an invitation")
		}
		a.field("disabled", d.Disabled)
	})
}

// field prints one line, or several below each other; nothing without a value.
func (a *app) field(name, value string) {
	if value != "" {
		a.say("%-13s  %s", name, strings.ReplaceAll(value, "\n", "\n"+strings.Repeat(" ", 15)))
	}
}

// plain says a field's value in plain words.
func plain(f registry.Field) string {
	var value any
	if json.Unmarshal(f.Value, &value) != nil {
		return string(f.Value)
	}
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if f.Name == "require_pkce" && !v {
			return "optional"
		}
		return map[bool]string{true: "yes", false: "no"}[v]
	case float64:
		if strings.HasSuffix(f.Name, "_lifetime") || f.Name == "default_max_age" {
			return (time.Duration(v) * time.Second).String()
		}
	case []any:
		list := make([]string, len(v))
		for i, item := range v {
			list[i] = fmt.Sprint(item)
			if right, ok := item.(map[string]any); ok && f.Name == "rights" {
				list[i] = fmt.Sprintf("%v: %v", right["name"], right["sentence"])
				if right["restricted"] == true {
					list[i] += " (restricted: only for accounts that the agency gives it to)"
				}
			}
		}
		separator := " "
		if strings.HasSuffix(f.Name, "_uris") || f.Name == "resources" || f.Name == "rights" {
			separator = "\n"
		}
		return strings.Join(list, separator)
	case map[string]any:
		if keys, ok := v["keys"].([]any); ok {
			return fmt.Sprintf("%d public", len(keys))
		}
	}
	return string(f.Value)
}

type clientExportCmd struct {
	ID []string `arg:"" optional:"" help:"client_id; all that are not disabled when left out."`
}

func (c clientExportCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	var documents []registry.Document
	for _, id := range c.ID {
		stored, err := (&operator.Operator{DB: db}).Client(a.ctx, id)
		if err != nil {
			return err
		}
		documents = append(documents, registry.Of(stored))
	}
	if len(c.ID) == 0 {
		clients, err := db.Clients(a.ctx)
		if err != nil {
			return fmt.Errorf("list clients: %w", err)
		}
		for _, stored := range clients {
			if stored.DisabledAt.IsZero() {
				documents = append(documents, registry.Of(stored))
			}
		}
	}
	if a.json {
		return a.print(map[string]any{"clients": documents}, nil)
	}
	return registry.Write(a.out, documents)
}

type clientSecretCmd struct {
	ID      string        `arg:"" help:"client_id."`
	Overlap time.Duration `help:"How long the former secret stays valid beside the new one, up to 2160h (90 days)." placeholder:"168h" xor:"former"`
	Now     bool          `help:"End the former secret of an overlap now, and make no new one." xor:"former"`
}

func (c clientSecretCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	if c.Now {
		if err := office.EndFormerSecret(a.ctx, c.ID); err != nil {
			return err
		}
		return a.print(map[string]any{"client_id": c.ID, "former_secret": false}, func() {
			a.say("The former secret of %s is refused from now on.", c.ID)
		})
	}
	secret, err := office.RotateClientSecret(a.ctx, c.ID, c.Overlap)
	if err != nil {
		return err
	}
	answer := map[string]string{"client_id": c.ID, "client_secret": secret}
	end := "is refused from now on"
	if c.Overlap > 0 {
		answer["former_secret_until"] = a.now().Add(c.Overlap).UTC().Format(time.RFC3339)
		end = "is valid until " + answer["former_secret_until"]
	}
	return a.print(answer, func() {
		a.say("  client_secret  %s\n\nThe secret is shown this once; the former one %s.", secret, end)
	})
}

// secretFile writes a secret where its owner alone can read it. A file that is
// there is not overwritten: it may hold a secret that is in use.
func secretFile(path, secret string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(file, secret); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
