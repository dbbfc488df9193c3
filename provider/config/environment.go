package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const envPrefix = "LOGE_"

// notSettings are variables of that prefix which mean something else: the
// command line's, and what Kubernetes sets for a service that is named loge.
func notSetting(name string) bool {
	return name == "CONFIG" || name == "PORT" || strings.HasPrefix(name, "PORT_") ||
		name == "SERVICE_HOST" || name == "SERVICE_PORT" || strings.HasPrefix(name, "SERVICE_PORT_")
}

// setting is one leaf of Config: its path in the file, or in the environment
// alone, and its value.
type setting struct {
	path   string
	inFile bool
	value  reflect.Value
}

// settings lists every leaf of cfg, in the order of the struct. The names come
// from the tags of the file, so that the two can never differ.
func settings(cfg *Config) []setting { return leaves(reflect.ValueOf(cfg).Elem(), "") }

func leaves(v reflect.Value, path string) (list []setting) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, inFile := field.Tag.Get("yaml"), true
		if name == "-" {
			name, inFile = field.Tag.Get("env"), false
		}
		if field.Type.Kind() == reflect.Struct {
			list = append(list, leaves(v.Field(i), path+name+".")...)
			continue
		}
		list = append(list, setting{path + name, inFile, v.Field(i)})
	}
	return list
}

// variable returns the name of a setting's variable.
func (s setting) variable() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.path, ".", "_"))
}

// overlay sets what the environment says over what the file says. An empty
// variable counts as absent; an unknown one is a fault, because it is a
// setting that somebody believes to be in force.
func overlay(cfg *Config, environ []string) error {
	known := map[string]setting{}
	for _, s := range settings(cfg) {
		known[s.variable()] = s
	}
	var faults []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || value == "" || notSetting(rest) {
			continue
		}
		s, found := known[name]
		if !found {
			faults = append(faults, fmt.Errorf("%s: no such setting: remove the variable or correct its name", name))
			continue
		}
		if err := s.set(value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		if s.path == "database" {
			splitPassword(cfg)
		}
	}
	return errors.Join(faults...)
}

// set parses a variable's value. Faults never repeat it: it may be a secret.
func (s setting) set(value string) error {
	switch target := s.value.Addr().Interface().(type) {
	case *string:
		*target = value
	case *Secret:
		*target = Secret(value)
	case *bool:
		parsed, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("write true or false")
		}
		*target = parsed
	case *int:
		parsed, err := strconv.Atoi(value)
		if err != nil {
			return errors.New("write a whole number")
		}
		*target = parsed
	case *time.Duration:
		parsed, err := time.ParseDuration(value)
		if err != nil {
			return errors.New("write a duration such as 90s, 30m or 12h")
		}
		*target = parsed
	case *[]string: // lines
		*target = strings.Split(value, "\n")
	case *Prefixes:
		*target = nil
		for _, item := range strings.Split(value, ",") {
			parsed, err := netip.ParsePrefix(strings.TrimSpace(item))
			if err != nil {
				return errors.New("write networks such as 10.0.0.0/8, separated by commas")
			}
			*target = append(*target, parsed)
		}
	case *Contacts:
		parsed := Contacts{}
		decoder := yaml.NewDecoder(strings.NewReader(value))
		decoder.KnownFields(true)
		if err := decoder.Decode(&parsed); err != nil {
			return errors.New(`write {"69": {mail: …, phone: …, hours: …}, …}, as in the file`)
		}
		*target = parsed
	default:
		return fmt.Errorf("setting of type %s cannot come from the environment", s.value.Type())
	}
	return nil
}

// splitPassword moves a password that LOGE_DATABASE carries into its own
// field, so that the address itself may be printed. The file must not carry
// one, but in the environment addresses commonly do.
func splitPassword(cfg *Config) {
	u, err := url.Parse(cfg.Database)
	if err != nil || cfg.sqlite() || u.User == nil {
		return
	}
	if password, has := u.User.Password(); has {
		cfg.DatabasePassword = Secret(password)
		u.User = url.User(u.User.Username())
		cfg.Database = u.String()
	}
}
