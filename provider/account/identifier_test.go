package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"loge/provider/config"
)

func TestNormalizeIdentifier(t *testing.T) {
	for _, test := range []struct{ name, typed, want string }{
		{"as stored", "LOG1A2B3C4D", "LOG1A2B3C4D"},
		{"as shown", "LOG 1A2B3C4D", "LOG1A2B3C4D"},
		{"lower case", "log 1a2b3c4d", "LOG1A2B3C4D"},
		{"without LOG", "1a2b3c4d", "LOG1A2B3C4D"},
		{"no-break space", "LOG\u00a01A2B3C4D", "LOG1A2B3C4D"},
		{"narrow no-break space", "LOG\u202f1A2B3C4D", "LOG1A2B3C4D"},
		{"hyphens and dots", "LOG-1A2B.3C4D", "LOG1A2B3C4D"},
		{"non-breaking hyphen, en dash, minus", "LOG\u20111A2B\u20133C\u22124D", "LOG1A2B3C4D"},
		{"zero-width space of a copied mail", "\ufeffLOG 1A2B\u200b3C4D", "LOG1A2B3C4D"},
		{"surrounding tab and line end", "\tLOG 1A2B3C4D\r\n", "LOG1A2B3C4D"},
		{"eight characters that begin with LOG", "LOGABCDE", "LOGLOGABCDE"},
		{"LOG before such an eight", "LOG LOGABCDE", "LOGLOGABCDE"},
		{"spread out", "l o g 1 a 2 b 3 c 4 d", "LOG1A2B3C4D"},
		{"too short", "LOG1A2B3C4", ""},
		{"too long", "LOG1A2B3C4D5", ""},
		{"eleven without LOG", "ABC1A2B3C4D", ""},
		{"empty", "", ""},
		{"only LOG", "LOG", ""},
		{"accent", "LOG 1A2B3C4É", ""},
		{"letter that upper-cases to ASCII", "LOG 1A2B3C4ı", ""},
		{"fullwidth digit", "LOG 1A2B3C4１", ""},
		{"underscore", "LOG_1A2B3C4D", ""},
		{"not UTF-8", "LOG 1A2B3C4\xff", ""},
		{"NUL", "LOG 1A2B3C4\x00", ""},
		{"endless", "LOG 1A2B3C4D" + strings.Repeat(" ", 300), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := NormalizeIdentifier(test.typed)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("NormalizeIdentifier(%q) = %q, %v; want %q", test.typed, got, err, test.want)
			}
			if err != nil && !errors.Is(err, ErrIdentifier) {
				t.Errorf("error %v is not ErrIdentifier", err)
			}
		})
	}
}

func TestFormatIdentifier(t *testing.T) {
	for stored, want := range map[string]string{
		"LOG1A2B3C4D": "LOG 1A2B3C4D",
		"LOGLOGABCDE": "LOG LOGABCDE",
		"other":       "other",
		"":            "",
	} {
		if got := FormatIdentifier(stored); got != want {
			t.Errorf("FormatIdentifier(%q) = %q, want %q", stored, got, want)
		}
	}
}

func TestNewIdentifierIsReadableAndNormal(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewIdentifier()
		if got, err := NormalizeIdentifier(id); err != nil || got != id {
			t.Fatalf("NewIdentifier() = %q, which normalises to %q, %v", id, got, err)
		}
		if strings.ContainsAny(id[3:], "01258BILOSZAEU") {
			t.Fatalf("NewIdentifier() = %q holds a vowel or a sign with a double", id)
		}
		if seen[id] {
			t.Fatalf("NewIdentifier() gave %q twice in 1000", id)
		}
		seen[id] = true
	}
}

func TestNormalizeNumber(t *testing.T) {
	for _, test := range []struct {
		name, typed, want string
		count             int
	}{
		{"documented example, which fails Luhn", "45675320380001", "45675320380001", 0},
		{"groups", "456 753 203 80001", "45675320380001", 0},
		{"no-break spaces", "45675\u00a032038\u202f0001", "45675320380001", 0},
		{"letters", "4567532038abcd", "4567532038ABCD", 0},
		{"one short", "4567532038000", "", 13},
		{"one long", "456753203800011", "", 15},
		{"empty", "", "", 0},
		{"hyphen", "4567532038-0001", "", 15},
		{"accent", "é5675320380001", "", 14},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := NormalizeNumber(test.typed)
			if got != test.want {
				t.Errorf("NormalizeNumber(%q) = %q, %v; want %q", test.typed, got, err, test.want)
			}
			if test.want != "" {
				return
			}
			numberError, ok := errors.AsType[*NumberError](err)
			if !ok || numberError.Typed != test.count {
				t.Errorf("NormalizeNumber(%q) error = %v, want a NumberError with %d typed", test.typed, err, test.count)
			}
		})
	}
}

func TestNormalizeSIRET(t *testing.T) {
	for typed, want := range map[string]string{
		"":                  "",
		" ":                 "",
		"732 829 320 00074": "73282932000074",
		"73282932000075":    "73282932000075", // wrong check digit: only the shape counts
	} {
		if got, err := NormalizeSIRET(typed); got != want || err != nil {
			t.Errorf("NormalizeSIRET(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"7328293200007", "732829320000745", "7328293200007A", "７3282932000074"} {
		if got, err := NormalizeSIRET(typed); !errors.Is(err, ErrSIRET) {
			t.Errorf("NormalizeSIRET(%q) = %q, %v; want ErrSIRET", typed, got, err)
		}
	}
}

func TestNormalizeDepartment(t *testing.T) {
	for typed, want := range map[string]string{
		"01": "01", "1": "01", "69": "69", "95": "95", "2a": "2A", "2B": "2B", " 13 ": "13",
		"971": "971", "976": "976", "978": "978", "987": "987", "988": "988",
	} {
		if got, err := NormalizeDepartment(typed); got != want || err != nil {
			t.Errorf("NormalizeDepartment(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "0", "00", "20", "96", "2C", "970", "979", "990", "001", "+1", "1e1", "²"} {
		if got, err := NormalizeDepartment(typed); !errors.Is(err, ErrDepartment) {
			t.Errorf("NormalizeDepartment(%q) = %q, %v; want ErrDepartment", typed, got, err)
		}
	}
}

// The settings have the rule a second time, for codes as accounts store them.
func TestContactsAreOfTheSameDepartments(t *testing.T) {
	codes := []string{"", "2A", "2B", "2C", "2a", "069", "1"}
	for n := range 1000 {
		codes = append(codes, fmt.Sprintf("%02d", n), fmt.Sprintf("%03d", n))
	}
	for _, code := range codes {
		cfg := config.Config{Service: config.Service{Contacts: config.Contacts{code: {Mail: "aide@exemple.fr"}}}}
		refused := strings.Contains(cfg.Validate().Error(), "service.contacts."+code+": ")
		if normal, err := NormalizeDepartment(code); refused == (err == nil && normal == code) {
			t.Errorf("%q is an account's département: %v; a contact's: %v", code, err == nil && normal == code, !refused)
		}
	}
}

func FuzzNormalizeIdentifier(f *testing.F) {
	f.Add("LOG 1A2B3C4D")
	f.Add("log\u00a01a2b-3c4d")
	f.Add("LOGLOGLOGLO")
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := NormalizeIdentifier(typed)
		if err != nil {
			if got != "" {
				t.Fatalf("NormalizeIdentifier(%q) = %q with error %v", typed, got, err)
			}
			return
		}
		if len(got) != 11 || got[:3] != "LOG" || !plain(got) {
			t.Fatalf("NormalizeIdentifier(%q) = %q", typed, got)
		}
		for _, again := range []string{got, FormatIdentifier(got), strings.ToLower(got)} {
			if second, err := NormalizeIdentifier(again); second != got || err != nil {
				t.Fatalf("NormalizeIdentifier(%q) = %q, %v; want %q again", again, second, err, got)
			}
		}
	})
}

func FuzzNormalizeNumber(f *testing.F) {
	f.Add("45675320380001")
	f.Add("456 753 203 8000a")
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := NormalizeNumber(typed)
		if err != nil {
			return
		}
		if len(got) != 14 || !plain(got) {
			t.Fatalf("NormalizeNumber(%q) = %q", typed, got)
		}
		if again, err := NormalizeNumber(got); again != got || err != nil {
			t.Fatalf("NormalizeNumber(%q) = %q, %v the second time", got, again, err)
		}
	})
}
