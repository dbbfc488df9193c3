package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loge/provider/operator"
	"loge/provider/registry"
)

type clientApplyCmd struct {
	File       string `arg:"" type:"existingfile" help:"YAML or JSON; see loge client export."`
	Yes        bool   `help:"Do not ask."`
	DryRun     bool   `help:"Show the difference and change nothing."`
	SecretsDir string `help:"Write the secrets of new clients there, one file each, instead of showing them." type:"path" placeholder:"DIR"`
}

// appliedClient is one client in the JSON of apply.
type appliedClient struct {
	ID      string            `json:"client_id"`
	State   string            `json:"state"` // new, changed, unchanged
	Changes []registry.Change `json:"changes,omitempty"`
	Secret  string            `json:"client_secret,omitempty"`
	File    string            `json:"client_secret_file,omitempty"`
}

func (c clientApplyCmd) Run(a *app) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	entries, err := registry.Read(file)
	if err != nil {
		return fmt.Errorf("%s:\n%w", c.File, err)
	}
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	changes, err := office.PlanClients(a.ctx, entries)
	if err != nil {
		return fmt.Errorf("%s:\n%w", c.File, err)
	}
	nothing := !slices.ContainsFunc(changes, func(change operator.ClientChange) bool { return !change.Empty() })
	if !a.json {
		a.difference(changes)
	}
	if !c.DryRun && !nothing {
		if err := c.agree(a); err != nil {
			return err
		}
	}
	var secrets, files map[string]string
	if !c.DryRun {
		if secrets, files, err = c.apply(a, office, changes); err != nil {
			return err
		}
	}
	return a.print(map[string]any{"applied": !c.DryRun, "clients": applied(changes, secrets, files)}, func() {
		if c.DryRun || nothing {
			return
		}
		a.say("\nApplied.")
		for _, change := range changes {
			if path := files[change.ID]; path != "" {
				a.say("  %s: client_secret in %s", change.ID, path)
			} else if secret := secrets[change.ID]; secret != "" {
				a.say("  %s: client_secret  %s", change.ID, secret)
			}
		}
		if len(secrets) > len(files) {
			a.say("A secret is shown this once. loge client secret ID makes a new one.")
		}
	})
}

// agree asks on a terminal, and wants --yes anywhere else.
func (c clientApplyCmd) agree(a *app) error {
	if c.Yes {
		return nil
	}
	info, err := os.Stdin.Stat()
	if a.json || err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return errors.New("nobody to ask: add --yes to apply this, or --dry-run to look only")
	}
	fmt.Fprint(a.out, "\nApply this? [y/N] ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // an end of input is no
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

// apply stores the changes. Where secrets go to files, each file is made before
// anything is stored: a folder that cannot be written to must not lose a secret.
func (c clientApplyCmd) apply(a *app, office *operator.Operator, changes []operator.ClientChange) (secrets, files map[string]string, err error) {
	files = map[string]string{}
	if c.SecretsDir != "" {
		if err := os.MkdirAll(c.SecretsDir, 0o700); err != nil {
			return nil, nil, err
		}
		for _, change := range changes {
			if path := filepath.Join(c.SecretsDir, change.ID+".secret"); change.New {
				if _, err := os.Lstat(path); err == nil {
					return nil, nil, fmt.Errorf("%s is there already: move it away, it may hold a secret in use", path)
				}
			}
		}
		probe, err := os.CreateTemp(c.SecretsDir, ".write-*")
		if err != nil {
			return nil, nil, err
		}
		if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
			return nil, nil, err
		}
	}
	if secrets, err = office.ApplyClients(a.ctx, changes); err != nil || c.SecretsDir == "" {
		return secrets, files, err
	}
	for id, secret := range secrets {
		path := filepath.Join(c.SecretsDir, id+".secret")
		if err := secretFile(path, secret); err != nil {
			return nil, nil, fmt.Errorf("the clients are stored, but the secret of %s is not: %w: loge client secret %s makes a new one", id, err, id)
		}
		files[id] = path
	}
	return secrets, files, nil
}

func applied(changes []operator.ClientChange, secrets, files map[string]string) []appliedClient {
	list := make([]appliedClient, 0, len(changes))
	for _, change := range changes {
		one := appliedClient{ID: change.ID, State: stateOf(change), Changes: change.Fields, File: files[change.ID]}
		if one.File == "" {
			one.Secret = secrets[change.ID]
		}
		list = append(list, one)
	}
	return list
}

func stateOf(change operator.ClientChange) string {
	switch {
	case change.New:
		return "new"
	case change.Empty():
		return "unchanged"
	}
	return "changed"
}

// difference shows what changes, field by field.
func (a *app) difference(changes []operator.ClientChange) {
	some := false
	for _, change := range changes {
		if change.Empty() {
			continue
		}
		note := ""
		if change.Disabled {
			note = "; it is disabled and stays so"
		}
		a.say("%s (%s%s)", change.ID, stateOf(change), note)
		for _, field := range change.Fields {
			a.lines("-", field.Field, field.Old, field.New)
			a.lines("+", field.Field, field.New, field.Old)
		}
		some = true
	}
	if !some {
		a.say("Nothing changes.")
	}
}

// lines shows a value; of a list, the items that other does not have, or all
// when it is their order that differs.
func (a *app) lines(sign, name string, value, other json.RawMessage) {
	if value == nil {
		return
	}
	var list, without []string
	if json.Unmarshal(value, &list) != nil {
		a.say("  %s %s: %s", sign, name, one(value))
		return
	}
	_ = json.Unmarshal(other, &without) // none when it is absent
	items := slices.DeleteFunc(slices.Clone(list), func(item string) bool { return slices.Contains(without, item) })
	if len(items) == 0 && !slices.ContainsFunc(without, func(item string) bool { return !slices.Contains(list, item) }) {
		items = list
	}
	for _, item := range items {
		a.say("  %s %s: %s", sign, name, item)
	}
}

// one is a value as people read it.
func one(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
