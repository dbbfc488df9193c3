package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func valid() Config {
	cfg := Default()
	cfg.Issuer = "https://connexion.exemple.fr"
	cfg.Secret = "0123456789abcdef0123456789abcdef"
	cfg.Mail.From = "loge@exemple.fr"
	cfg.Mail.SMTP.Host = "relais.exemple.fr"
	cfg.Service.Operator = "la Caisse"
	cfg.Service.Support = Support{"aide@exemple.fr", "01 99 00 12 34", "le matin"}
	return cfg
}

func TestGoodSettings(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"as they are":           func(*Config) {},
		"port":                  func(c *Config) { c.Issuer = "https://connexion.exemple.fr:8443" },
		"localhost":             func(c *Config) { c.Issuer = "http://localhost:8080" },
		"127/8":                 func(c *Config) { c.Issuer = "http://127.3.2.1:8080" },
		"::1":                   func(c *Config) { c.Issuer = "http://[::1]:8080" },
		"https on loopback":     func(c *Config) { c.Issuer = "https://localhost:8443" },
		"every address":         func(c *Config) { c.Listen = ":8080" },
		"any free port":         func(c *Config) { c.Listen = "127.0.0.1:0" },
		"IPv6":                  func(c *Config) { c.Listen = "[::1]:8080" },
		"PostgreSQL":            func(c *Config) { c.Database = "postgres://loge@db/loge" },
		"several hosts":         func(c *Config) { c.Database = "postgresql://loge@db1:5432,db2:5432/loge" },
		"secret to be made":     func(c *Config) { c.Secret = "" },
		"no separation":         func(c *Config) { c.Mail.Separation = 0 },
		"directory":             func(c *Config) { c.Mail.SMTP, c.Mail.Directory = SMTP{}, "mails" },
		"relay on this machine": func(c *Config) { c.Mail.SMTP.Host, c.Mail.SMTP.TLS = "127.0.0.1", NoTLS },
		"relay with password":   func(c *Config) { c.Mail.SMTP.Username, c.Mail.SMTP.Password = "loge", "x" },
		"darkest colours":       func(c *Config) { c.Service.Colours = Colours{"#000000", "#767676"} },
		"limits, low":           func(c *Config) { c.Security.MaxFailuresPerDay, c.Security.HashConcurrency = 5, 1 },
		"limits, high": func(c *Config) {
			c.Security.PasswordMinimum, c.Security.AdminMinimum, c.Security.MaxFailuresPerDay = 64, 64, 25
		},
		"idle as long as absolute": func(c *Config) { c.Sessions.Idle = c.Sessions.Absolute },
		"metrics":                  func(c *Config) { c.Metrics.Listen = "127.0.0.1:9090" },
		"metrics, other port":      func(c *Config) { c.Listen, c.Metrics.Listen = ":8080", ":9090" },
		"metrics, other address":   func(c *Config) { c.Listen, c.Metrics.Listen = "192.0.2.1:8080", "127.0.0.1:8080" },
		"metrics, any free port":   func(c *Config) { c.Listen, c.Metrics.Listen = "127.0.0.1:0", "127.0.0.1:0" },
		"proxies":                  func(c *Config) { c.TrustedProxies = Prefixes{netip.MustParsePrefix("10.0.0.0/8")} },
		"certificates by a proxy": func(c *Config) {
			c.TrustedProxies = Prefixes{netip.MustParsePrefix("10.0.0.0/8")}
			c.ClientCertificates = ClientCertificates{Header: "Client-Cert", CAFile: "validate_test.go"}
		},
		"certificates by us": func(c *Config) {
			c.TLS = TLS{"validate_test.go", "validate_test.go"}
			c.ClientCertificates = ClientCertificates{Listen: ":8444", Address: "https://connexion.exemple.fr:8444"}
		},
		"contacts": func(c *Config) {
			c.Service.Contacts = Contacts{"01": {Mail: "ain@exemple.fr"}, "2A": {Phone: "04 99 00 12 34"}, "971": {Hours: "le soir"}}
		},
		"notice": func(c *Config) { c.Service.LegalNotice = "validate_test.go" },
	} {
		cfg := valid()
		change(&cfg)
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachFaultIsNamed(t *testing.T) {
	issuer := func(s string) func(*Config) { return func(c *Config) { c.Issuer = s } }
	contact := func(code string, s Support) func(*Config) {
		return func(c *Config) { c.Service.Contacts = Contacts{code: s} }
	}
	long := strings.Repeat("x", 121)
	for _, test := range []struct {
		name, path, says string
		change           func(*Config)
	}{
		{"no issuer", "issuer", "is missing", issuer("")},
		{"http", "issuer", "must start with https://", issuer("http://connexion.exemple.fr")},
		{"http and a name like localhost", "issuer", "must start with https://", issuer("http://localhost.exemple.fr")},
		{"certificates without TLS", "client_certificates.listen", "needs tls.cert_file", func(c *Config) {
			c.ClientCertificates = ClientCertificates{Listen: ":8444", Address: "https://connexion.exemple.fr:8444"}
		}},
		{"certificates nowhere", "client_certificates.listen", "must be an address and a port", func(c *Config) {
			c.TLS = TLS{"validate_test.go", "validate_test.go"}
			c.ClientCertificates = ClientCertificates{Listen: "8444", Address: "https://connexion.exemple.fr:8444"}
		}},
		{"certificates without address", "client_certificates.address", "is missing", func(c *Config) {
			c.TLS, c.ClientCertificates = TLS{"validate_test.go", "validate_test.go"}, ClientCertificates{Listen: ":8444"}
		}},
		{"certificates from anybody", "client_certificates.header", "needs trusted_proxies", func(c *Config) { c.ClientCertificates.Header = "Client-Cert" }},
		{"no header", "client_certificates.header", "name of a header", func(c *Config) {
			c.TrustedProxies = Prefixes{netip.MustParsePrefix("10.0.0.0/8")}
			c.ClientCertificates.Header = "Client Cert"
		}},
		{"path of certificates", "client_certificates.address", "without a path", func(c *Config) {
			c.TrustedProxies = Prefixes{netip.MustParsePrefix("10.0.0.0/8")}
			c.ClientCertificates = ClientCertificates{Header: "Client-Cert", Address: "https://connexion.exemple.fr/"}
		}},
		{"authorities of nobody", "client_certificates", "nothing asks", func(c *Config) { c.ClientCertificates.CAFile = "validate_test.go" }},
		{"no scheme", "issuer", "must start with https://", issuer("connexion.exemple.fr")},
		{"other scheme", "issuer", "must start with https://", issuer("ftp://connexion.exemple.fr")},
		{"final slash", "issuer", "slash", issuer("https://connexion.exemple.fr/")},
		{"path", "issuer", "path", issuer("https://exemple.fr/connexion")},
		{"query", "issuer", "query", issuer("https://exemple.fr?a=b")},
		{"empty query", "issuer", "query", issuer("https://exemple.fr?")},
		{"fragment", "issuer", "fragment", issuer("https://exemple.fr#a")},
		{"empty fragment", "issuer", "fragment", issuer("https://exemple.fr#")},
		{"user", "issuer", "user name", issuer("https://a:b@exemple.fr")},
		{"no host", "issuer", "host name", issuer("https://")},
		{"empty port", "issuer", "host name", issuer("https://exemple.fr:")},
		{"port 70000", "issuer", "port", issuer("https://exemple.fr:70000")},
		{"usual port", "issuer", "usual port 443", issuer("https://exemple.fr:443")},
		{"upper case", "issuer", "lower case", issuer("https://Exemple.fr")},
		{"accent", "issuer", "xn--", issuer("https://élan.fr")},
		{"space", "issuer", "https://", issuer(" https://exemple.fr")},
		{"no port", "listen", "port", func(c *Config) { c.Listen = "localhost" }},
		{"port by name", "listen", "port", func(c *Config) { c.Listen = ":https" }},
		{"no address", "listen", "port", func(c *Config) { c.Listen = "" }},
		{"certificate alone", "tls", "both", func(c *Config) { c.TLS.CertFile = "validate_test.go" }},
		{"certificate missing", "tls.cert_file", "not a file", func(c *Config) { c.TLS = TLS{"none.pem", "validate_test.go"} }},
		{"key is a folder", "tls.key_file", "not a file", func(c *Config) { c.TLS = TLS{"validate_test.go", "."} }},
		{"certificate and http", "tls", "https", func(c *Config) { c.Issuer, c.TLS = "http://localhost", TLS{"validate_test.go", "validate_test.go"} }},
		{"no database", "database", "sqlite:", func(c *Config) { c.Database = "" }},
		{"other database", "database", "sqlite:", func(c *Config) { c.Database = "mysql://db/loge" }},
		{"no path", "database", "name a file", func(c *Config) { c.Database = "sqlite:" }},
		{"in memory", "database", "name a file", func(c *Config) { c.Database = "sqlite::memory:" }},
		{"password in the address", "database", "database_password_file", func(c *Config) { c.Database = "postgres://loge:hunter2@db/loge" }},
		{"password in the query", "database", "database_password_file", func(c *Config) { c.Database = "postgres://loge@db/loge?password=hunter2" }},
		{"unreadable address", "database", "cannot be read", func(c *Config) { c.Database = "postgres://loge:hunter2%@db/loge" }},
		{"short secret", "secret_file", "31 bytes", func(c *Config) { c.Secret = Secret(strings.Repeat("k", 31)) }},
		{"no secret at all", "secret_file", "LOGE_SECRET", func(c *Config) { c.Secret, c.SecretFile = "", "" }},
		{"no secret for PostgreSQL", "secret_file", "openssl", func(c *Config) { c.Secret, c.Database = "", "postgres://db/loge" }},
		{"no sender", "mail.from", "complete address", func(c *Config) { c.Mail.From = "" }},
		{"sender with a name", "mail.from", "without a name", func(c *Config) { c.Mail.From = "Loge <loge@exemple.fr>" }},
		{"sender of two lines", "mail.from", "complete address", func(c *Config) { c.Mail.From = "loge@exemple.fr\r\nBcc: x@exemple.fr" }},
		{"no way out", "mail", "smtp.host", func(c *Config) { c.Mail.SMTP.Host = "" }},
		{"two ways out", "mail", "not both", func(c *Config) { c.Mail.Directory = "mails" }},
		{"negative rate", "mail.rate", "60000", func(c *Config) { c.Mail.Rate = -1 }},
		{"letters apart", "letters.separation", "30", func(c *Config) { c.Letters.Separation = 31 }},
		{"negative separation", "mail.separation", "0s", func(c *Config) { c.Mail.Separation = -1 }},
		{"SMTP port", "mail.smtp.port", "65535", func(c *Config) { c.Mail.SMTP.Port = 0 }},
		{"SMTP timeout", "mail.smtp.timeout", "30s", func(c *Config) { c.Mail.SMTP.Timeout = 0 }},
		{"SMTP protection", "mail.smtp.tls", "starttls, implicit or none", func(c *Config) { c.Mail.SMTP.TLS = "yes" }},
		{"SMTP in clear", "mail.smtp.tls", "this machine", func(c *Config) { c.Mail.SMTP.TLS = NoTLS }},
		{"SMTP user alone", "mail.smtp.password_file", "password", func(c *Config) { c.Mail.SMTP.Username = "loge" }},
		{"SMTP password alone", "mail.smtp.username", "is missing", func(c *Config) { c.Mail.SMTP.Password = "x" }},
		{"seven lines", "letters.sender", "at most 6", func(c *Config) { c.Letters.Sender = strings.Split("1234567", "") }},
		{"empty line", "letters.sender[1]", "is missing", func(c *Config) { c.Letters.Sender = []string{"a", " "} }},
		{"place", "letters.place", "one line", func(c *Config) { c.Letters.Place = "Lyon\n" }},
		{"service name", "service.name", "is missing", func(c *Config) { c.Service.Name = "" }},
		{"account name", "service.account_name", "at most 120", func(c *Config) { c.Service.AccountName = long }},
		{"operator", "service.operator", "is missing", func(c *Config) { c.Service.Operator = "\u00a0" }},
		{"support mail", "service.support.mail", "address", func(c *Config) { c.Service.Support.Mail = "aide" }},
		{"support phone", "service.support.phone", "is missing", func(c *Config) { c.Service.Support.Phone = "" }},
		{"support hours", "service.support.hours", "is missing", func(c *Config) { c.Service.Support.Hours = "" }},
		{"contact of no département", "service.contacts.20", "01 to 95", contact("20", Support{Mail: "aide@exemple.fr"})},
		{"contact of a département without its zero", "service.contacts.1", "01 to 95", contact("1", Support{Mail: "aide@exemple.fr"})},
		{"contact that says nothing", "service.contacts.69", "is empty", contact("69", Support{})},
		{"contact's mail", "service.contacts.69.mail", "address", contact("69", Support{Mail: "Aide <aide@exemple.fr>"})},
		{"contact's phone", "service.contacts.69.phone", "one line", contact("69", Support{Phone: "01\n02"})},
		{"contact's hours", "service.contacts.69.hours", "at most 120", contact("69", Support{Hours: long})},
		{"colour by name", "service.colours.main", "#rrggbb", func(c *Config) { c.Service.Colours.Main = "navy" }},
		{"short colour", "service.colours.error", "#rrggbb", func(c *Config) { c.Service.Colours.Error = "#a00" }},
		{"pale colour", "service.colours.main", "contrast of 4.4:1", func(c *Config) { c.Service.Colours.Main = "#787878" }},
		{"nearly dark enough", "service.colours.main", "contrast of 4.4:1", func(c *Config) { c.Service.Colours.Main = "#777777" }},
		{"notice", "service.privacy_notice", "not a file", func(c *Config) { c.Service.PrivacyNotice = "none.md" }},
		{"password minimum", "security.password_minimum", "from 12 to 64", func(c *Config) { c.Security.PasswordMinimum = 11 }},
		{"administrators of an organisation", "security.max_administrators", "from 1 to 20", func(c *Config) { c.Security.MaxAdministrators = 0 }},
		{"administrators' minimum", "security.administrator_minimum", "from 16 to 64", func(c *Config) { c.Security.AdminMinimum = 65 }},
		{"slots", "security.hash_concurrency", "from 0", func(c *Config) { c.Security.HashConcurrency = -1 }},
		{"failures", "security.max_failures_per_day", "from 5 to 25", func(c *Config) { c.Security.MaxFailuresPerDay = 26 }},
		{"provisional by e-mail", "security.provisional_by_email", "1s or more", func(c *Config) { c.Security.ProvisionalByEmail = 0 }},
		{"provisional by letter", "security.provisional_by_letter", "1s or more", func(c *Config) { c.Security.ProvisionalByLetter = -1 }},
		{"unknown reset", "security.reset", "password or link", func(c *Config) { c.Security.Reset = "lien" }},
		{"reset too short", "security.reset_validity", "1h to 24h", func(c *Config) { c.Security.ResetValidity = time.Hour - 1 }},
		{"reset too long", "security.reset_validity", "1h to 24h", func(c *Config) { c.Security.ResetValidity = day + 1 }},
		{"e-mail code", "security.email_code", "1s or more", func(c *Config) { c.Security.EmailCode = time.Millisecond }},
		{"request", "security.sign_in_request", "1s or more", func(c *Config) { c.Security.SignInRequest = 0 }},
		{"access token", "security.access_token", "1s or more", func(c *Config) { c.Security.AccessToken = 0 }},
		{"keys changed too often", "security.key_rotation", "from 168h", func(c *Config) { c.Security.KeyRotation = 24 * time.Hour }},
		{"nonce misspelt", "security.dpop_nonce", "optional or required", func(c *Config) { c.Security.DPoPNonce = "always" }},
		{"nonce left empty", "security.dpop_nonce", "optional or required", func(c *Config) { c.Security.DPoPNonce = "" }},
		{"keys never changed", "security.key_rotation", "to 9528h", func(c *Config) { c.Security.KeyRotation = 10000 * time.Hour }},
		{"ID token", "security.id_token", "1s or more", func(c *Config) { c.Security.IDToken = 0 }},
		{"refresh token idle", "security.refresh_token.idle", "1s or more", func(c *Config) { c.Security.RefreshToken.Idle = 0 }},
		{"refresh token absolute", "security.refresh_token.absolute", "1s or more", func(c *Config) { c.Security.RefreshToken.Absolute = 0 }},
		{"refresh token idle longer than absolute", "security.refresh_token.idle", "security.refresh_token.absolute", func(c *Config) { c.Security.RefreshToken.Idle = 91 * day }},
		{"refresh token grace below zero", "security.refresh_token.grace", "0s to 5m", func(c *Config) { c.Security.RefreshToken.Grace = -time.Second }},
		{"refresh token grace too long", "security.refresh_token.grace", "0s to 5m", func(c *Config) { c.Security.RefreshToken.Grace = 6 * time.Minute }},
		{"nobody in an organisation", "organisations.people", "1 to 10000", func(c *Config) { c.Organisations.People = 0 }},
		{"review too often", "organisations.review", "720h", func(c *Config) { c.Organisations.Review = day }},
		{"idle", "sessions.idle", "1s or more", func(c *Config) { c.Sessions.Idle = 0 }},
		{"absolute", "sessions.absolute", "1s or more", func(c *Config) { c.Sessions = Sessions{Idle: time.Second, Absolute: -1} }},
		{"idle longer than absolute", "sessions.idle", "sessions.absolute", func(c *Config) { c.Sessions.Idle = 13 * time.Hour }},
		{"inactive", "retention.inactive", "2160h", func(c *Config) { c.Retention.Inactive = 89 * day }},
		{"unused", "retention.unused", "2880h", func(c *Config) { c.Retention.Unused = 119 * day }},
		{"dormant kept", "retention.dormant", "1s or more", func(c *Config) { c.Retention.Dormant = 0 }},
		{"closed kept", "retention.closed", "1s or more", func(c *Config) { c.Retention.Closed = 0 }},
		{"sessions kept", "retention.sessions", "1s or more", func(c *Config) { c.Retention.Sessions = 0 }},
		{"audit kept", "retention.audit", "1s or more", func(c *Config) { c.Retention.Audit = 0 }},
		{"letters kept", "retention.letters", "0s", func(c *Config) { c.Retention.Letters = -time.Second }},
		{"messages kept", "retention.messages", "1s or more", func(c *Config) { c.Retention.Messages = 0 }},
		{"metrics without a port", "metrics.listen", "port", func(c *Config) { c.Metrics.Listen = "localhost" }},
		{"metrics on the public address", "metrics.listen", "another port", func(c *Config) { c.Metrics.Listen = c.Listen }},
		{"metrics on every address", "metrics.listen", "another port", func(c *Config) { c.Metrics.Listen = ":8080" }},
		{"metrics on one of every address", "metrics.listen", "another port", func(c *Config) { c.Listen, c.Metrics.Listen = "[::]:8080", "127.0.0.1:8080" }},
		{"everything may be asked", "security.allowed_networks[0]", "this machine", func(c *Config) { c.Security.AllowedNetworks = Prefixes{netip.MustParsePrefix("::/0")} }},
		{"everybody is a proxy", "trusted_proxies[0]", "everybody", func(c *Config) { c.TrustedProxies = Prefixes{netip.MustParsePrefix("0.0.0.0/0")} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := valid()
			test.change(&cfg)
			err := cfg.Validate()
			if err == nil {
				t.Fatal("no fault was found")
			}
			lines := strings.Split(err.Error(), "\n")
			if !strings.HasPrefix(lines[0], test.path+": ") || !strings.Contains(lines[0], test.says) {
				t.Errorf("fault %q, want %s: … %s …", err, test.path, test.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("fault %q repeats a secret", err)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	err := (&Config{}).Validate()
	if err == nil {
		t.Fatal("an empty struct is valid")
	}
	for _, path := range []string{"issuer", "listen", "database", "secret_file", "mail.from", "mail", "service.name", "service.account_name", "service.operator",
		"service.support.mail", "service.support.phone", "service.support.hours", "service.colours.main", "service.colours.error",
		"security.password_minimum", "security.id_token", "sessions.idle", "retention.audit"} {
		if !strings.Contains("\n"+err.Error(), "\n"+path+": ") {
			t.Errorf("no line about %s in\n%v", path, err)
		}
	}
}
