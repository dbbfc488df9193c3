package config

import (
	"fmt"
	"net/netip"
	"time"

	"go.yaml.in/yaml/v3"
)

// Config is the settings file, config.yaml. Every field can be overridden by
// the environment: LOGE_ and the path in capitals, for example
// LOGE_MAIL_SMTP_HOST. Fields tagged env have no place in the file.
type Config struct {
	// Issuer is the public address, without a final slash: the "iss" of every
	// token and the start of every link. https, or http on loopback only.
	Issuer string `yaml:"issuer"`
	// Listen is the address the server listens on, host:port.
	Listen string `yaml:"listen"`
	// TLS serves https directly; empty behind a proxy that does.
	TLS TLS `yaml:"tls"`
	// Database is sqlite:PATH or postgres://…, never with a password: open
	// DatabaseURL() instead.
	Database string `yaml:"database"`
	// DatabasePasswordFile holds the password of a PostgreSQL user.
	DatabasePasswordFile string `yaml:"database_password_file"`
	DatabasePassword     Secret `yaml:"-" env:"database_password"`
	// SecretFile holds the master secret, at least 32 bytes; created with
	// mode 0600 on first start when absent next to a SQLite database.
	SecretFile string `yaml:"secret_file"`
	// Secret is the master secret itself.
	Secret        Secret        `yaml:"-" env:"secret"`
	Mail          Mail          `yaml:"mail"`
	Letters       Letters       `yaml:"letters"`
	Service       Service       `yaml:"service"`
	Security      Security      `yaml:"security"`
	Organisations Organisations `yaml:"organisations"`
	Sessions      Sessions      `yaml:"sessions"`
	Retention     Retention     `yaml:"retention"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies Prefixes `yaml:"trusted_proxies"`
	Metrics        Metrics  `yaml:"metrics"`
	// ClientCertificates lets applications authenticate with a certificate.
	ClientCertificates ClientCertificates `yaml:"client_certificates"`
}

// Prefixes are networks in CIDR notation.
type Prefixes []netip.Prefix

// UnmarshalYAML reads a list of networks and reports each bad one with its line,
// which the decoder by itself would not.
func (p *Prefixes) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: write a list of networks such as [10.0.0.0/8]", node.Line)}}
	}
	var faults []string
	*p = nil
	for _, item := range node.Content {
		prefix, err := netip.ParsePrefix(item.Value)
		if err != nil {
			faults = append(faults, fmt.Sprintf("line %d: %q is not a network: write it with its length, such as 10.0.0.0/8", item.Line, item.Value))
			continue
		}
		*p = append(*p, prefix)
	}
	if faults != nil {
		return &yaml.TypeError{Errors: faults}
	}
	return nil
}

// TLS names the certificate and key files, reloaded when they change.
type TLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Mail says how e-mails leave: by SMTP, or as .eml files into Directory.
type Mail struct {
	From       string        `yaml:"from"`       // address; the display name is the service's
	Directory  string        `yaml:"directory"`  // write .eml files here instead of sending
	Separation time.Duration `yaml:"separation"` // between the identifier's message and the password's
	Rate       int           `yaml:"rate"`       // e-mails in a minute from all replicas together; 0: no limit
	SMTP       SMTP          `yaml:"smtp"`
}

// SMTP is the relay that sends. TLS is required unless said otherwise.
type SMTP struct {
	Host         string        `yaml:"host"`
	Port         int           `yaml:"port"`
	TLS          string        `yaml:"tls"` // starttls, implicit, none
	Username     string        `yaml:"username"`
	PasswordFile string        `yaml:"password_file"`
	Password     Secret        `yaml:"-" env:"password"`
	Timeout      time.Duration `yaml:"timeout"`
}

// Letters is what the letters need to know.
type Letters struct {
	Sender []string `yaml:"sender"` // sender block, at most 6 lines
	Place  string   `yaml:"place"`  // « Lyon », before the date
	// Separation is how many working days lie between the letter of the
	// identifier and that of the password.
	Separation int `yaml:"separation"`
}

// Service is what people see: names, contact, colours.
type Service struct {
	Name        string  `yaml:"name"`         // {nom_service}
	AccountName string  `yaml:"account_name"` // {nom_compte}
	Operator    string  `yaml:"operator"`     // {organisme}
	Support     Support `yaml:"support"`
	// Contacts are, by the code of a département, what its people find in place
	// of Support. Whoever wants one person's calls In.
	Contacts Contacts `yaml:"contacts"`
	Colours  Colours  `yaml:"colours"`
	// EmailRequired: must a landlord give an e-mail address to finish?
	EmailRequired bool `yaml:"email_required"`
	// Reminders go, three times, to those who never signed in.
	Reminders bool `yaml:"reminders"`
	// DPO is how people reach the data protection officer: an address, or a
	// sentence's end with one; empty: they are not told.
	DPO string `yaml:"dpo"`
	// LegalNotice and PrivacyNotice are Markdown files shown on
	// /mentions-legales and /donnees-personnelles; empty: a text of our own.
	LegalNotice   string `yaml:"legal_notice"`
	PrivacyNotice string `yaml:"privacy_notice"`
}

// Support is whom people write to or call.
type Support struct {
	Mail  string `yaml:"mail"`
	Phone string `yaml:"phone"`
	Hours string `yaml:"hours"`
}

// Colours are #rrggbb; each must reach 4.5:1 on white (WCAG 1.4.3).
type Colours struct {
	Main  string `yaml:"main"`  // buttons, links
	Error string `yaml:"error"` // errors
}

// Security holds the limits an operator may tighten.
type Security struct {
	PasswordMinimum     int           `yaml:"password_minimum"`      // characters, 12 to 64
	AdminMinimum        int           `yaml:"administrator_minimum"` // characters, 16 to 64
	MaxAdministrators   int           `yaml:"max_administrators"`    // of an organisation, 1 to 20
	Strict80Bits        bool          `yaml:"strict_80_bits"`        // passwords of 80 bits on the CNIL's scale
	PasswordListFile    string        `yaml:"password_list_file"`    // what nobody may choose, in place of the embedded list
	ProvisionalByEmail  time.Duration `yaml:"provisional_by_email"`
	ProvisionalByLetter time.Duration `yaml:"provisional_by_letter"` // from the print date
	// Reset says what « Mot de passe oublié » sends: a provisional password or a link.
	Reset             string        `yaml:"reset"`
	ResetValidity     time.Duration `yaml:"reset_validity"` // of what it sends, 1h to 24h
	EmailCode         time.Duration `yaml:"email_code"`
	HashConcurrency   int           `yaml:"hash_concurrency"`     // Argon2id computations at once; 0 = number of CPUs
	MaxFailuresPerDay int           `yaml:"max_failures_per_day"` // per account, 5 to 25
	// AdministratorFactor has the administrators of organisations set up the
	// double vérification.
	AdministratorFactor bool          `yaml:"administrator_factor"`
	SignInRequest       time.Duration `yaml:"sign_in_request"` // life of a pending authorization request
	AccessToken         time.Duration `yaml:"access_token"`
	IDToken             time.Duration `yaml:"id_token"`
	RefreshToken        RefreshToken  `yaml:"refresh_token"`
	KeyRotation         time.Duration `yaml:"key_rotation"` // a signing key signs that long, 7 to 397 days
	// RequirePAR has every application push its authorization requests
	// (RFC 9126); else those do that are registered for it.
	RequirePAR bool `yaml:"require_par"`
	// DPoPNonce says whether proofs of DPoP need a nonce: optional, required.
	DPoPNonce string `yaml:"dpop_nonce"`
	// AllowedNetworks may be asked, although they are not public, at addresses
	// that applications name, such as their backchannel_logout_uri.
	AllowedNetworks Prefixes `yaml:"allowed_networks"`
}

// Values of security.dpop_nonce.
const (
	NonceOptional = "optional"
	NonceRequired = "required"
)

// RefreshToken says how long an application keeps access while its person is
// away (scope offline_access).
type RefreshToken struct {
	Idle     time.Duration `yaml:"idle"`     // unless it is used
	Absolute time.Duration `yaml:"absolute"` // counted from the sign-in, whatever the application does
	Grace    time.Duration `yaml:"grace"`    // a used one works again that long, for lost answers and parallel tabs
}

// Organisations are the limits of what administrators do by themselves.
type Organisations struct {
	People int           `yaml:"people"` // of one organisation at most, administrators too, 1 to 10000
	Review time.Duration `yaml:"review"` // how often the list of people is to be looked through; 0: never
}

// Sessions are the limits of a browser's sign-in.
type Sessions struct {
	Idle     time.Duration `yaml:"idle"`
	Absolute time.Duration `yaml:"absolute"`
	// SignOutEndsOffline has a sign-out end, too, what applications were given in
	// the session for when the person is away (offline_access).
	SignOutEndsOffline bool `yaml:"sign_out_ends_offline_access"`
}

// Retention says how long things are kept after they end.
type Retention struct {
	Inactive time.Duration `yaml:"inactive"` // without a sign-in: then an access ends, after two warnings; 0: never
	Dormant  time.Duration `yaml:"dormant"`  // then one that ended is closed
	Unused   time.Duration `yaml:"unused"`   // without a first sign-in, since something was last sent: then it is closed
	Closed   time.Duration `yaml:"closed"`   // then what is personal is erased
	Sessions time.Duration `yaml:"sessions"`
	Audit    time.Duration `yaml:"audit"`
	Messages time.Duration `yaml:"messages"`
	Letters  time.Duration `yaml:"letters"` // the files of letters, unless somebody says earlier that they are printed; 0: until then
}

// Metrics is where the server tells about itself.
type Metrics struct {
	// Listen is an address, host:port, that only the operator's own machines
	// reach: /metrics and /healthz are served there over plain http. Empty: off.
	Listen string `yaml:"listen"`
}

// ClientCertificates says where applications show a certificate (RFC 8705). All
// empty, none is asked for. Browsers would ask their people to choose one:
// whoever asks does so at an address of its own.
type ClientCertificates struct {
	// Listen is an address, host:port, where applications are asked for a
	// certificate over the TLS of tls.cert_file. It serves no pages.
	Listen string `yaml:"listen"`
	// Address is the public one of what asks, https://host:port without a final
	// slash; discovery names it. Empty: the issuer.
	Address string `yaml:"address"`
	// Header is where TrustedProxies write the certificate; empty: nowhere.
	Header string `yaml:"header"`
	// CAFile holds the authorities of tls_client_auth, in PEM; read at the start.
	CAFile string `yaml:"ca_file"`
}

// Asked tells whether applications can show a certificate at all.
func (c ClientCertificates) Asked() bool { return c.Listen != "" || c.Header != "" }

const day = 24 * time.Hour

// Default returns the settings of an empty file. It is not valid: the public
// address, the agency and the way mails leave have no default.
func Default() Config {
	return Config{
		Listen:     "127.0.0.1:8080",
		Database:   "sqlite:loge.db",
		SecretFile: "loge.secret",
		Mail: Mail{
			Separation: 2 * time.Minute,
			SMTP:       SMTP{Port: 587, TLS: StartTLS, Timeout: 30 * time.Second},
		},
		Letters: Letters{Separation: 2},
		Service: Service{
			Name:        "Espace bailleur",
			AccountName: "Mon Compte Partenaire",
			Reminders:   true,
			Colours:     Colours{Main: "#0a4f8f", Error: "#b3261e"},
		},
		Security: Security{
			PasswordMinimum:     12,
			AdminMinimum:        16,
			MaxAdministrators:   2,
			ProvisionalByEmail:  7 * day,
			ProvisionalByLetter: 30 * day,
			Reset:               ResetPassword,
			ResetValidity:       day,
			EmailCode:           30 * time.Minute,
			MaxFailuresPerDay:   20,
			SignInRequest:       time.Hour,
			AccessToken:         time.Hour,
			IDToken:             time.Hour,
			RefreshToken:        RefreshToken{Idle: 30 * day, Absolute: 90 * day, Grace: 30 * time.Second},
			KeyRotation:         90 * day,
			DPoPNonce:           NonceOptional,
		},
		Organisations: Organisations{People: 200, Review: 365 * day},
		Sessions:      Sessions{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Retention:     Retention{Inactive: 730 * day, Dormant: 365 * day, Unused: 365 * day, Closed: 30 * day, Sessions: 30 * day, Audit: 365 * day, Messages: 365 * day, Letters: 3 * day},
	}
}
