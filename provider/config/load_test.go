package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const minimal = `issuer: https://connexion.exemple.fr
mail: {from: loge@exemple.fr, smtp: {host: relais.exemple.fr}}
service:
  operator: la Caisse
  support: {mail: aide@exemple.fr, phone: 01 99 00 12 34, hours: le matin}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMinimalFile(t *testing.T) {
	cfg, err := Load(write(t, minimal), nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Issuer != "https://connexion.exemple.fr" || cfg.Sessions.Idle != 30*time.Minute || cfg.Mail.SMTP.Port != 587 {
		t.Errorf("settings %+v: want the file over the defaults", cfg)
	}
}

func TestMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Load(DefaultPath, nil)
	if err == nil || !strings.Contains(err.Error(), "copy config.example.yaml") {
		t.Errorf("no config.yaml: %v, want what to copy", err)
	}
	if _, err := Load("elsewhere.yaml", nil); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("no elsewhere.yaml: %v, want a word on --config", err)
	}
}

func TestFaultsOfTheFileNameTheLine(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"unknown", minimal + "isuer: x\n", []string{"settings.yaml: line 6: unknown setting \"isuer\""}},
		{"unknown below", minimal + "sessions:\n  idel: 1h\n", []string{"line 7: unknown setting \"idel\""}},
		{"duplicate", minimal + "issuer: https://autre.exemple.fr\n", []string{"line 6", "already defined at line 1"}},
		{"duration", minimal + "sessions: {idle: soon}\n", []string{"line 6", "soon"}},
		{"number without unit", minimal + "sessions: {idle: 30}\n", []string{"line 6"}},
		{"number", minimal + "security: {password_minimum: twelve}\n", []string{"line 6", "twelve"}},
		{"network", minimal + "trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.1\n", []string{"line 8", "10.0.0.0/8"}},
		{"network as text", minimal + "trusted_proxies: 10.0.0.0/8\n", []string{"line 6", "list of networks"}},
		{"no YAML", "issuer: [", []string{"settings.yaml", "line 1"}},
		{"two documents", minimal + "---\nlisten: :80\n", []string{"more than one YAML document"}},
		{"several at once, and what is missing", "isuer: https://exemple.fr\nlistne: :80\n",
			[]string{"line 1: unknown setting \"isuer\"", "line 2: unknown setting \"listne\"", "issuer: is missing", "mail.from:", "service.operator:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(write(t, test.text), nil)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v\nwant %q in it", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "config.Config") {
				t.Errorf("error %v names a type of ours", err)
			}
		})
	}
}

func TestEmptyFileNamesWhatIsMissing(t *testing.T) {
	_, err := Load(write(t, ""), nil)
	for _, path := range []string{"issuer", "mail.from", "mail", "service.operator", "service.support.mail", "service.support.phone", "service.support.hours"} {
		if err == nil || !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool { return strings.HasPrefix(line, path+": ") }) {
			t.Errorf("empty file: %v\nwant a line about %s", err, path)
		}
	}
}

func TestEnvironmentWins(t *testing.T) {
	cfg, err := Load(write(t, minimal), []string{
		"PATH=/bin",
		"LOGE_CONFIG=other.yaml",
		"LOGE_PORT=tcp://10.0.0.1:80", "LOGE_SERVICE_HOST=10.0.0.1", "LOGE_SERVICE_PORT_HTTP=80", // Kubernetes
		"LOGE_ISSUER=https://autre.exemple.fr",
		"LOGE_LISTEN=", // as if absent
		"LOGE_MAIL_SMTP_HOST=relais2.exemple.fr",
		"LOGE_MAIL_SMTP_PORT=465",
		"LOGE_MAIL_SMTP_USERNAME=loge",
		"LOGE_MAIL_SMTP_PASSWORD=hunter2=",
		"LOGE_MAIL_SEPARATION=0s",
		"LOGE_LETTERS_SENDER=Caisse\n1 place du Marché",
		"LOGE_SERVICE_EMAIL_REQUIRED=true",
		"LOGE_TRUSTED_PROXIES=10.0.0.0/8, 2001:db8::/32",
		"LOGE_DATABASE=postgres://loge:s3cret@db:5432/loge?sslmode=verify-full",
		"LOGE_SECRET=0123456789abcdef0123456789abcdef",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Issuer = "https://autre.exemple.fr"
	want.Mail = Mail{From: "loge@exemple.fr", SMTP: SMTP{Host: "relais2.exemple.fr", Port: 465, TLS: StartTLS, Username: "loge", Password: "hunter2=", Timeout: 30 * time.Second}}
	want.Letters.Sender = []string{"Caisse", "1 place du Marché"}
	want.Service.Operator = "la Caisse"
	want.Service.Support = Support{"aide@exemple.fr", "01 99 00 12 34", "le matin"}
	want.Service.EmailRequired = true
	want.TrustedProxies = Prefixes{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	want.Database = "postgres://loge@db:5432/loge?sslmode=verify-full"
	want.DatabasePassword = "s3cret"
	want.Secret = "0123456789abcdef0123456789abcdef"
	if diff := cmp.Diff(want, cfg, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("settings: want -, got +\n%s", diff)
	}
	if got := cfg.DatabaseURL(); got != "postgres://loge:s3cret@db:5432/loge?sslmode=verify-full" {
		t.Errorf("DatabaseURL() = %q, want the address with the password", got)
	}
}

func TestFaultsOfTheEnvironment(t *testing.T) {
	_, err := Load(write(t, minimal), []string{
		"LOGE_ISUER=x", "LOGE_MAIL_SMTP_PORT=many", "LOGE_SESSIONS_IDLE=soon", "LOGE_SERVICE_EMAIL_REQUIRED=perhaps",
		"LOGE_TRUSTED_PROXIES=10.0.0.1", "LOGE_SECRET=hunter2",
	})
	for _, want := range []string{"LOGE_ISUER: no such setting", "LOGE_MAIL_SMTP_PORT: write a whole number", "LOGE_SESSIONS_IDLE: write a duration",
		"LOGE_SERVICE_EMAIL_REQUIRED: write true", "LOGE_TRUSTED_PROXIES: write networks", "secret_file: the master secret has 7 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v\nwant %q in it", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v repeats a secret", err)
	}
}

// Every leaf can be set, so that none is forgotten when a type is added.
func TestEverySettingHasAVariable(t *testing.T) {
	cfg := Default()
	seen := map[string]string{}
	for _, s := range settings(&cfg) {
		if first, taken := seen[s.variable()]; taken {
			t.Errorf("%s and %s share the variable %s", first, s.path, s.variable())
		}
		seen[s.variable()] = s.path
		if notSetting(strings.TrimPrefix(s.variable(), envPrefix)) {
			t.Errorf("%s has a variable that means something else: %s", s.path, s.variable())
		}
		if err := s.set("x"); err != nil && strings.Contains(err.Error(), "cannot come from the environment") {
			t.Errorf("%s: %v", s.path, err)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	smtp := file("smtp", "hunter2 \r\n")
	master := file("master", strings.Repeat("k", 32)+"\n")
	environ := []string{"LOGE_MAIL_SMTP_USERNAME=loge", "LOGE_MAIL_SMTP_PASSWORD_FILE=" + smtp, "LOGE_SECRET_FILE=" + master}
	cfg, err := Load(write(t, minimal), environ)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Mail.SMTP.Password != "hunter2 " || cfg.Secret.Reveal() != strings.Repeat("k", 32) {
		t.Errorf("secrets %q and %q: want the files without their line ends", cfg.Mail.SMTP.Password.Reveal(), cfg.Secret.Reveal())
	}
	cfg, err = Load(write(t, minimal), append(environ, "LOGE_MAIL_SMTP_PASSWORD=other"))
	if err != nil || cfg.Mail.SMTP.Password != "other" {
		t.Errorf("password %q, %v; want the variable's", cfg.Mail.SMTP.Password.Reveal(), err)
	}
	for name, path := range map[string]string{"missing": filepath.Join(dir, "none"), "empty": file("empty", "\n"), "huge": file("huge", strings.Repeat("k", 65<<10))} {
		_, err := Load(write(t, minimal), []string{"LOGE_MAIL_SMTP_USERNAME=loge", "LOGE_MAIL_SMTP_PASSWORD_FILE=" + path})
		if err == nil || !strings.Contains(err.Error(), "mail.smtp.password_file: cannot read the secret") {
			t.Errorf("%s password file: %v, want its path", name, err)
		}
	}
}

func TestMasterSecretThatDoesNotExistYet(t *testing.T) {
	t.Chdir(t.TempDir())
	cfg, err := Load(write(t, minimal), nil)
	if err != nil || cfg.Secret != "" {
		t.Errorf("next to SQLite: %v; want no fault and no secret, serve makes it", err)
	}
	_, err = Load(write(t, minimal+"database: postgres://loge@db/loge\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "secret_file: cannot read the secret") {
		t.Errorf("next to PostgreSQL: %v; want a fault", err)
	}
}
