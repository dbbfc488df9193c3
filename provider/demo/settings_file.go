package demo

import (
	"fmt"
	"os"
	"path/filepath"

	"loge/provider/config"
)

// settingsFile is the file with which `loge client add --config` and the other
// commands act on the demonstration: whoever connects an application to it is
// its operator.
const settingsFile = "config.yaml"

// writeSettings writes what the commands need to know of the settings, in whole
// paths: they may be called from anywhere.
func (d *Demo) writeSettings(cfg config.Config) error {
	dir, err := filepath.Abs(d.Dir)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	text := fmt.Sprintf(`# Written by loge demo at each start, for the other commands:
#   loge client add --config %s …
issuer: %q
database: %q
secret_file: %q
mail:
  from: %q
  directory: %q
service:
  operator: %q
  support:
    mail: %q
    phone: %q
    hours: %q
`, filepath.Join(dir, settingsFile), cfg.Issuer, "sqlite:"+filepath.Join(dir, "loge.db"), filepath.Join(dir, "secret"), cfg.Mail.From,
		filepath.Join(dir, "mails"), cfg.Service.Operator, cfg.Service.Support.Mail, cfg.Service.Support.Phone, cfg.Service.Support.Hours)
	if err := os.WriteFile(d.path(settingsFile), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
