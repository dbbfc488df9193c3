package account

import (
	"errors"
	"strings"
	"testing"
)

func TestEmailKey(t *testing.T) {
	for _, test := range []struct{ name, typed, email, key string }{
		{"plain", "Paule.Gaillard@Exemple.fr", "Paule.Gaillard@Exemple.fr", "paule.gaillard@exemple.fr"},
		{"surrounded by spaces", " \u00a0p@exemple.fr\r\n", "p@exemple.fr", "p@exemple.fr"},
		{"plus", "p+caf@exemple.fr", "p+caf@exemple.fr", "p+caf@exemple.fr"},
		{"decomposed accent", "rene\u0301@exemple.fr", "ren\u00e9@exemple.fr", "ren\u00e9@exemple.fr"},
		{"international domain stays as typed", "p@Élan.fr", "p@Élan.fr", "p@élan.fr"},
		{"punycode", "p@xn--lan-9la.fr", "p@xn--lan-9la.fr", "p@xn--lan-9la.fr"},
		{"sharp s folds", "groß@exemple.de", "groß@exemple.de", "gross@exemple.de"},
		{"longest", strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 58) + ".fr", "=", "="},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.email == "=" {
				test.email, test.key = test.typed, test.typed
			}
			email, key, err := EmailKey(test.typed)
			if email != test.email || key != test.key || err != nil {
				t.Errorf("EmailKey(%q) = %q, %q, %v; want %q, %q", test.typed, email, key, err, test.email, test.key)
			}
		})
	}
}

func TestEmailKeyRefuses(t *testing.T) {
	for name, typed := range map[string]string{
		"no at":              "exemple.fr",
		"no domain":          "p@",
		"no local part":      "@exemple.fr",
		"two at":             "p@q@exemple.fr",
		"no dot":             "p@localhost",
		"empty label":        "p@exemple..fr",
		"final dot":          "p@exemple.fr.",
		"hyphen at an end":   "p@-exemple.fr",
		"dots in a row":      "p..q@exemple.fr",
		"display name":       "Paule <p@exemple.fr>",
		"angle brackets":     "<p@exemple.fr>",
		"quoted local part":  `"p q"@exemple.fr`,
		"comment":            "p@exemple.fr (Paule)",
		"list":               "p@exemple.fr,q@exemple.fr",
		"line break":         "p@exemple.fr\r\nBcc: q@exemple.fr",
		"inner space":        "p q@exemple.fr",
		"address literal":    "p@[127.0.0.1]",
		"address":            "p@127.0.0.1",
		"direction override": "p\u202e@exemple.fr",
		"NUL":                "p\x00@exemple.fr",
		"not UTF-8":          "p\xff@exemple.fr",
		"255 bytes":          strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 59) + ".fr",
		"65 before the at":   strings.Repeat("a", 65) + "@exemple.fr",
	} {
		if email, key, err := EmailKey(typed); !errors.Is(err, ErrEmail) || email != "" || key != "" {
			t.Errorf("%s: EmailKey(%q) = %q, %q, %v; want ErrEmail", name, typed, email, key, err)
		}
	}
	if _, _, err := EmailKey(" \u00a0"); !errors.Is(err, ErrEmpty) {
		t.Errorf("EmailKey of spaces: %v, want ErrEmpty", err)
	}
}

func TestMaskEmail(t *testing.T) {
	for email, want := range map[string]string{
		"paule@gmail.fr":      "p•••@g•••.fr",
		"p@g.fr":              "p•••@g•••.fr",
		"élise@mail.etab.com": "é•••@m•••.com",
		"p@localhost":         "p•••@l•••",
		"":                    "•••",
		"nonsense":            "•••",
		"@exemple.fr":         "•••",
	} {
		if got := MaskEmail(email); got != want {
			t.Errorf("MaskEmail(%q) = %q, want %q", email, got, want)
		}
	}
}

func TestPersonName(t *testing.T) {
	for _, test := range []struct {
		typed, want string
		err         error
	}{
		{"Paule", "Paule", nil},
		{"  Jean \u00a0 Pierre ", "Jean Pierre", nil},
		{"Rene\u0301", "Ren\u00e9", nil},
		{"O’Brien-Müller", "O’Brien-Müller", nil},
		{"D'Artagnan", "D'Artagnan", nil},
		{strings.Repeat("é", 80), strings.Repeat("é", 80), nil},
		{strings.Repeat("é", 81), "", ErrTooLong},
		{"", "", ErrEmpty},
		{" \u202f ", "", ErrEmpty},
		{"Paule\r\nBcc: q", "", ErrName},
		{"Paule\x00", "", ErrName},
		{"Pau\u202ele", "", ErrName},
		{"1234", "", ErrName},
		{"Paule\xff", "", ErrName},
	} {
		if got, err := PersonName(test.typed); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("PersonName(%q) = %q, %v; want %q, %v", test.typed, got, err, test.want, test.err)
		}
	}
}

func TestPhone(t *testing.T) {
	for typed, want := range map[string]string{
		"":                    "",
		" ":                   "",
		"0612345678":          "06 12 34 56 78",
		"06.12.34.56.78":      "06 12 34 56 78",
		"06-12/34 56\u00a078": "06 12 34 56 78",
		"+33 6 12 34 56 78":   "06 12 34 56 78",
		"+33 (0)6 12345678":   "06 12 34 56 78",
		"0033612345678":       "06 12 34 56 78",
		"+32 470 12 34 56":    "+32470123456",
		"+262 692 12 34 56":   "+262692123456",
	} {
		if got, err := Phone(typed); got != want || err != nil {
			t.Errorf("Phone(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"12", "061234567", "06123456789", "0012", "0000000000", "six", "06 12 34 56 7O", "+", "+0123456789", "+1234567890123456", "06+12345678", "٠612345678"} {
		if got, err := Phone(typed); !errors.Is(err, ErrPhone) {
			t.Errorf("Phone(%q) = %q, %v; want ErrPhone", typed, got, err)
		}
	}
}
