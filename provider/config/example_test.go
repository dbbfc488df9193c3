package config

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const example = "../../config.example.yaml"

// withoutDefault are the settings that the example fills in with invented
// values, because an empty file is not valid without them.
var withoutDefault = []string{
	"issuer", "mail.from", "mail.directory", "letters.sender", "letters.place",
	"service.operator", "service.support.mail", "service.support.phone", "service.support.hours",
}

func TestExampleHoldsTheDefaults(t *testing.T) {
	cfg, err := Load(example, nil)
	if err != nil {
		t.Fatalf("the example is refused:\n%v", err)
	}
	defaults := Default()
	for i, s := range settings(&cfg) {
		if slices.Contains(withoutDefault, s.path) {
			if !settings(&defaults)[i].value.IsZero() {
				t.Errorf("%s has a default and is listed as having none", s.path)
			}
			if s.value.IsZero() {
				t.Errorf("%s has no default: the example must fill it in", s.path)
			}
			s.value.SetZero()
		}
	}
	cfg.TrustedProxies, cfg.Service.Contacts = nil, nil // the example's empty ones
	if diff := cmp.Diff(defaults, cfg); diff != "" {
		t.Errorf("example differs from Default(): want -, got +\n%s", diff)
	}
}

// Every setting stands in the example, in the order of the struct, with a
// comment above it that names its default; and nothing else stands there.
func TestExampleDocumentsEverySetting(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	var got []string
	comments := map[string]string{}
	var visit func(node *yaml.Node, path string)
	visit = func(node *yaml.Node, path string) {
		for i := 0; i < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			name := path + key.Value
			if value.Kind == yaml.MappingNode && len(value.Content) > 0 {
				visit(value, name+".")
				continue
			}
			got = append(got, name)
			comments[name] = key.HeadComment
		}
	}
	visit(document.Content[0], "")
	var want []string
	var cfg Config
	for _, s := range settings(&cfg) {
		if s.inFile {
			want = append(want, s.path)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings of the example: want -, got +\n%s", diff)
	}
	defaults := Default()
	for _, s := range settings(&defaults) {
		comment := strings.ReplaceAll(comments[s.path], "\n# ", " ")
		if !s.inFile {
			continue
		}
		if !strings.Contains(comment, "Default: ") && !strings.Contains(comment, "No default") {
			t.Errorf("%s: its comment does not name the default:\n%s", s.path, comment)
		}
		if d, ok := s.value.Interface().(time.Duration); ok && !namesDuration(comment, d) {
			t.Errorf("%s: its comment does not name the default %v:\n%s", s.path, d, comment)
		}
		if text, ok := s.value.Interface().(string); ok && text != "" && !strings.Contains(comment, text) {
			t.Errorf("%s: its comment does not name the default %q:\n%s", s.path, text, comment)
		}
	}
}

func namesDuration(comment string, want time.Duration) bool {
	_, rest, _ := strings.Cut(comment, "Default: ")
	word, _, _ := strings.Cut(strings.TrimRight(rest, "."), " ")
	d, err := time.ParseDuration(word)
	return err == nil && d == want
}

func TestNoSecretIsASettingOfTheFile(t *testing.T) {
	var cfg Config
	for _, s := range settings(&cfg) {
		_, secret := s.value.Interface().(Secret)
		if secret == s.inFile {
			t.Errorf("%s: a secret has no place in the file, and only a secret may be in the environment alone", s.path)
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte("mail: {smtp: {password: hunter2}}")))
	decoder.KnownFields(true)
	if err := decoder.Decode(&cfg); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password in the file: %v, want a refusal that does not repeat it", err)
	}
}
