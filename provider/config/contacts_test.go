package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContactsOfTheFileAndOfTheEnvironment(t *testing.T) {
	want := Contacts{"01": {Mail: "ain@exemple.fr", Phone: "04 99 00 12 34", Hours: "le soir"}, "2A": {Mail: "corse@exemple.fr"}}
	const text = "{01: {mail: ain@exemple.fr, phone: 04 99 00 12 34, hours: le soir}, 2A: {mail: corse@exemple.fr}}"
	cfg, err := Load(write(t, minimal+"  contacts: "+text+"\n"), nil)
	if diff := cmp.Diff(want, cfg.Service.Contacts); err != nil || diff != "" {
		t.Errorf("file: %v, want -, got +\n%s", err, diff)
	}
	cfg, err = Load(write(t, minimal+"  contacts: {69: {mail: rhone@exemple.fr}}\n"), []string{"LOGE_SERVICE_CONTACTS=" + text})
	if diff := cmp.Diff(want, cfg.Service.Contacts); err != nil || diff != "" {
		t.Errorf("environment: %v, want -, got +\n%s", err, diff)
	}
}

func TestFaultsOfContacts(t *testing.T) {
	for text, want := range map[string]string{
		"{69: {email: rhone@exemple.fr}}": `line 6: unknown setting "email"`,
		"{69: rhone@exemple.fr}":          "line 6",
		"[69]":                            "line 6",
		"{69: {mail: a@exemple.fr}, 69: {mail: b@exemple.fr}}": "already defined",
		"{69: }": "service.contacts.69: is empty",
		"{69: {phone: 04 99 00 12 34}, Rhône: {hours: le matin}}": "service.contacts.Rhône: is no département",
	} {
		if _, err := Load(write(t, minimal+"  contacts: "+text+"\n"), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
	for _, text := range []string{"{69: {email: x}}", "69", "{"} {
		if _, err := Load(write(t, minimal), []string{"LOGE_SERVICE_CONTACTS=" + text}); err == nil || !strings.Contains(err.Error(), "LOGE_SERVICE_CONTACTS: write {") {
			t.Errorf("%s in the environment: %v", text, err)
		}
	}
}

func TestServiceAsADepartmentFindsIt(t *testing.T) {
	general := Support{"aide@exemple.fr", "01 99 00 12 34", "le matin"}
	service := Service{Name: "Espace bailleur", Support: general, Contacts: Contacts{"69": {Mail: "rhone@exemple.fr", Phone: "04 99 00 12 34"}, "2A": {Hours: "le soir"}}}
	for code, want := range map[string]Support{
		"":   general,
		"69": {"rhone@exemple.fr", "04 99 00 12 34", "le matin"},
		"2A": {"aide@exemple.fr", "01 99 00 12 34", "le soir"},
		"38": general,
	} {
		got := service.In(code)
		if got.Support != want || got.Name != service.Name {
			t.Errorf("In(%q) = %+v, want %+v", code, got, want)
		}
		if choice := len(got.Contacts) > 0; choice != (code == "") {
			t.Errorf("In(%q) offers a choice: %v", code, choice)
		}
	}
	if len(service.Contacts) != 2 || service.Support != general {
		t.Errorf("In has changed the settings: %+v", service)
	}
}
