package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DefaultPath is where the settings are looked for unless --config says otherwise.
const DefaultPath = "config.yaml"

// Load reads the settings file, the environment over it (environ is what
// os.Environ returns) and the secret files, and validates the result. The error
// joins every fault, each with the line of the file, the variable or the path of
// the setting. Relative paths in the settings start from the working directory.
//
// A secret_file that does not exist is no fault next to SQLite: Secret is then
// empty, and [EnsureSecret] makes one.
func Load(path string, environ []string) (Config, error) {
	cfg := Default()
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == DefaultPath:
		return cfg, fmt.Errorf("%s does not exist here: copy config.example.yaml to %s and fill it in, or name your file with --config", path, path)
	case errors.Is(err, fs.ErrNotExist):
		return cfg, fmt.Errorf("settings file %s does not exist: check --config, or copy config.example.yaml there and fill it in", path)
	case err != nil:
		return cfg, fmt.Errorf("read settings: %w", err)
	}
	if err := decode(data, &cfg); err != nil {
		if _, ok := errors.AsType[*yaml.TypeError](err); !ok {
			return cfg, fmt.Errorf("%s: %w", path, err) // no YAML at all: nothing else can be said
		}
		return cfg, errors.Join(prefix(path, err), overlay(&cfg, environ), cfg.finish())
	}
	return cfg, errors.Join(overlay(&cfg, environ), cfg.finish())
}

// decode reads one YAML document strictly. What could be decoded is in cfg even
// when there is an error.
func decode(data []byte, cfg *Config) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var rest yaml.Node
	if err := decoder.Decode(&rest); !errors.Is(err, io.EOF) {
		return errors.New("the file holds more than one YAML document: remove the line ---")
	}
	return nil
}

var unknownField = regexp.MustCompile(`field (\S+) not found in type config\.\S+`)

// prefix gives each of the decoder's faults the file name, and plain words.
func prefix(path string, err error) error {
	typeError, _ := errors.AsType[*yaml.TypeError](err)
	faults := make([]error, len(typeError.Errors))
	for i, message := range typeError.Errors {
		faults[i] = fmt.Errorf("%s: %s", path, unknownField.ReplaceAllString(message, `unknown setting "$1"`))
	}
	return errors.Join(faults...)
}

// finish reads the secret files and validates.
func (c *Config) finish() error {
	var faults []error
	read := func(name, path string, into *Secret, optional bool) {
		if path == "" || *into != "" { // the environment wins over the file
			return
		}
		secret, err := readSecret(path)
		if err != nil && !(optional && errors.Is(err, fs.ErrNotExist)) {
			faults = append(faults, fmt.Errorf("%s: cannot read the secret: %w", name, err))
		}
		*into = secret
	}
	read("mail.smtp.password_file", c.Mail.SMTP.PasswordFile, &c.Mail.SMTP.Password, false)
	read("database_password_file", c.DatabasePasswordFile, &c.DatabasePassword, false)
	read("secret_file", c.SecretFile, &c.Secret, c.sqlite())
	return errors.Join(append(faults, c.Validate())...)
}

func (c *Config) sqlite() bool { return strings.HasPrefix(c.Database, "sqlite:") }

// DatabaseURL returns the address to open, with the password in it if there is
// one. It must not be printed.
func (c *Config) DatabaseURL() string {
	u, err := url.Parse(c.Database)
	if c.sqlite() || c.DatabasePassword == "" || err != nil {
		return c.Database
	}
	u.User = url.UserPassword(u.User.Username(), c.DatabasePassword.Reveal())
	return u.String()
}
