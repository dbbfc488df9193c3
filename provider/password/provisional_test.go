package password

import (
	"bytes"
	"strings"
	"testing"

	"loge/provider/secret"
)

func TestNewIsUnbiased(t *testing.T) {
	const rounds = 20_000
	counts := map[rune]int{}
	for range rounds {
		code := New()
		if got, ok := Normalize(Format(code)); !ok || got != code {
			t.Fatalf("New() = %q, which comes back as %q, %v", code, got, ok)
		}
		for _, r := range code {
			counts[r]++
		}
	}
	if len(counts) != len(secret.Signs) {
		t.Errorf("New() used %d signs, want %d", len(counts), len(secret.Signs))
	}
	// 240,000 draws of 21 signs: 11,429 each, standard deviation 104.
	for r, n := range counts {
		if n < 11_429-800 || n > 11_429+800 {
			t.Errorf("sign %c came %d times, want about 11429", r, n)
		}
	}
}

func TestFormat(t *testing.T) {
	if got := Format("CDFGHJKMNPQR"); got != "CDFG-HJKM-NPQR" {
		t.Errorf("Format = %q, want CDFG-HJKM-NPQR", got)
	}
	if got := Format("short"); got != "short" {
		t.Errorf("Format(short) = %q, want it unchanged", got)
	}
}

func TestNormalize(t *testing.T) {
	for _, typed := range []string{
		"CDFGHJKMNPQR", "CDFG-HJKM-NPQR", "cdfg-hjkm-npqr", " CDFG HJKM NPQR ", "CDFG\u00a0HJKM\u202fNPQR",
		"CDFG\u2011HJKM\u2013NPQR", "CDFG\u2212HJKM\u2014NPQR", "\ufeffCDFG\u200bHJKM\u00adNPQR\r\n",
	} {
		if got, ok := Normalize(typed); !ok || got != "CDFGHJKMNPQR" {
			t.Errorf("Normalize(%q) = %q, %v; want CDFGHJKMNPQR", typed, got, ok)
		}
	}
	for _, typed := range []string{
		"", "CDFG-HJKM-NPQ", "CDFG-HJKM-NPQRT", "CDFG-HJKM-NPQ0", "CDFG-HJKM-NPQA", "CDFG_HJKM_NPQR", "CDFG.HJKM.NPQR",
		"CDFGHJKMNP\xff\xfe", "ｃdfghjkmnpqr", strings.Repeat("-", 300) + "CDFGHJKMNPQR",
	} {
		if got, ok := Normalize(typed); ok {
			t.Errorf("Normalize(%q) = %q, want a refusal", typed, got)
		}
	}
}

func TestCodes(t *testing.T) {
	for range 100 {
		if code, ok := NormalizeCode(NewCode()); !ok || len(code) != 6 {
			t.Fatalf("NewCode() gave %q, which is not six digits", code)
		}
	}
	for typed, want := range map[string]string{
		"012345": "012345", " 012 345\n": "012345", "012\u00a0345": "012345",
		"12345": "", "1234567": "", "12345a": "", "": "", "012-345": "", "٠١٢٣٤٥": "",
	} {
		if got, ok := NormalizeCode(typed); got != want || ok != (want != "") {
			t.Errorf("NormalizeCode(%q) = %q, %v; want %q", typed, got, ok, want)
		}
	}
}

func TestHashesAreBoundToTheirUse(t *testing.T) {
	key, other := []byte("0123456789abcdef0123456789abcdef"), []byte("fedcba9876543210fedcba9876543210")
	base := Hash(key, "user", "CDFGHJKMNPQR")
	if !Equal(base, Hash(key, "user", "CDFGHJKMNPQR")) {
		t.Error("the same provisional password has two hashes")
	}
	code := HashCode(key, "user", "p@exemple.fr", "012345")
	for name, pair := range map[string][2][]byte{
		"key":                 {base, Hash(other, "user", "CDFGHJKMNPQR")},
		"user":                {base, Hash(key, "other", "CDFGHJKMNPQR")},
		"provisional":         {base, Hash(key, "user", "CDFGHJKMNPQT")},
		"code as provisional": {Hash(key, "user", "012345"), HashCode(key, "user", "", "012345")},
		"address":             {code, HashCode(key, "user", "q@exemple.fr", "012345")},
		"code":                {code, HashCode(key, "user", "p@exemple.fr", "012346")},
		"code's user":         {code, HashCode(key, "other", "p@exemple.fr", "012345")},
	} {
		if Equal(pair[0], pair[1]) {
			t.Errorf("two different %ss have one hash", name)
		}
	}
	if len(base) != 32 || bytes.Contains(base, []byte("CDFG")) {
		t.Errorf("hash of %d bytes, want 32 that tell nothing", len(base))
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("CDFG-HJKM-NPQR")
	f.Add("cdfg hjkm\u00a0npqr")
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := Normalize(typed)
		if !ok {
			return
		}
		if len(code) != 12 || strings.Trim(code, secret.Signs) != "" {
			t.Fatalf("Normalize(%q) = %q", typed, code)
		}
		if again, ok := Normalize(Format(code)); !ok || again != code {
			t.Fatalf("Normalize(Format(%q)) = %q, %v", code, again, ok)
		}
	})
}
