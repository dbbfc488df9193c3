package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	cfg := Default()
	cfg.Secret, cfg.DatabasePassword, cfg.Mail.SMTP.Password = "hunter2", "hunter2", "hunter2"
	outputs := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		outputs[verb] = fmt.Sprintf(verb, cfg.Secret)
		outputs["config "+verb] = fmt.Sprintf(verb, cfg)
		outputs["pointer "+verb] = fmt.Sprintf(verb, &cfg)
	}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	outputs["json"] = string(asJSON)
	asYAML, err := yaml.Marshal(map[string]any{"config": cfg, "secret": cfg.Secret})
	if err != nil {
		t.Fatal(err)
	}
	outputs["yaml"] = string(asYAML)
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "secret", cfg.Secret, "config", cfg)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("x", "secret", cfg.Secret, "config", cfg)
	outputs["slog text"], outputs["slog json"] = text.String(), lines.String()
	outputs["error"] = fmt.Errorf("x: %w: %v", os.ErrInvalid, cfg.Secret).Error()
	for how, output := range outputs {
		if strings.Contains(output, "hunter2") || strings.Contains(strings.ToLower(output), fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s shows the secret: %s", how, output)
		}
	}
	if !strings.Contains(outputs["%v"], redacted) {
		t.Errorf("%%v is %q, want [redacted]", outputs["%v"])
	}
	if cfg.Secret.Reveal() != "hunter2" {
		t.Error("Reveal does not give the secret")
	}
}

func TestEnsureSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loge.secret")
	secrets := make([]Secret, 20)
	var wg sync.WaitGroup
	for i := range secrets {
		wg.Go(func() {
			var err error
			if secrets[i], err = EnsureSecret(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, secret := range secrets {
		if secret != secrets[0] {
			t.Fatal("two starters at once have two secrets")
		}
	}
	if key, err := base64.StdEncoding.DecodeString(secrets[0].Reveal()); err != nil || len(key) != 32 {
		t.Errorf("secret of %d bytes, %v; want 32 in base64", len(key), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file mode %v, %v; want 0600", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files left, %v; want the secret alone", len(entries), err)
	}
	other, err := EnsureSecret(filepath.Join(t.TempDir(), "loge.secret"))
	if err != nil || other == secrets[0] {
		t.Errorf("another place has the same secret (%v)", err)
	}
}

func TestEnsureSecretNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loge.secret")
	if err := os.WriteFile(path, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureSecret(path); err == nil {
		t.Error("an empty file passed for a secret")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "\n" {
		t.Errorf("file is now %q, %v; want it untouched", data, err)
	}
	if _, err := EnsureSecret(filepath.Join(t.TempDir(), "none", "loge.secret")); err == nil || !strings.HasPrefix(err.Error(), "secret_file: ") {
		t.Errorf("folder that does not exist: %v, want the setting's name", err)
	}
}
