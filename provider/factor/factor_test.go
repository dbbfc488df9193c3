package factor

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The vectors of RFC 6238, appendix B, for SHA-1; ours are the last six digits.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for _, test := range []struct {
		seconds int64
		code    string
	}{{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"}, {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}} {
		if got := totp(secret, test.seconds/stepSeconds); got != test.code[2:] {
			t.Errorf("at %d: %s, want %s", test.seconds, got, test.code[2:])
		}
	}
}

func TestACodeIsAcceptedAroundItsHalfMinuteAndAfterTheLastUsed(t *testing.T) {
	secret := NewSecret()
	const step = int64(59_000_000)
	code := totp(secret, step)
	at := func(second int64) time.Time { return time.Unix(step*stepSeconds+second, 0) }
	for _, test := range []struct {
		name   string
		typed  string
		last   int64
		second int64
		ok     bool
	}{
		{"its first second", code, 0, 0, true},
		{"its last second", code, 0, 29, true},
		{"half a minute late", code, 0, 59, true},
		{"more", code, 0, 60, false},
		{"half a minute early", code, 0, -30, true},
		{"more", code, 0, -31, false},
		{"used before", code, step, 0, false},
		{"a later one used before", code, step + 1, 0, false},
		{"an earlier one used before", code, step - 1, 0, true},
		{"nothing", "", 0, 0, false},
		{"longer", code + "0", 0, 0, false},
		{"shorter", code[:5], 0, 0, false},
		{"of another secret", totp(NewSecret(), step), 0, 0, false},
	} {
		got, ok := Match(secret, test.typed, test.last, at(test.second))
		if ok != test.ok || ok && got != step {
			t.Errorf("%s: %d, %v, want %v", test.name, got, ok, test.ok)
		}
	}
}

func TestTheKeyIsReadAsItIsMeant(t *testing.T) {
	secret := []byte("12345678901234567890")
	if got := KeyText(secret); got != "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" {
		t.Errorf("KeyText = %q", got)
	}
	u, err := url.Parse(KeyURI(secret, "Espace bailleur : Valmont & fils", "LOG 1A2B3C4D"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Espace bailleur   Valmont & fils:LOG 1A2B3C4D" || strings.Contains(u.RawQuery, "+") ||
		u.Query().Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || u.Query().Get("issuer") != "Espace bailleur   Valmont & fils" {
		t.Errorf("KeyURI = %s", u)
	}
}

func TestWhatIsTypedIsTheOneOrTheOther(t *testing.T) {
	for _, test := range []struct {
		typed, code string
		kind        Typed
	}{
		{"123456", "123456", OneTimeCode},
		{" 123 456 ", "123456", OneTimeCode},
		{"1234 5678 9012", "123456789012", RecoveryCode},
		{"1234-5678-9012", "123456789012", RecoveryCode},
		{"1234 5678‑9012", "123456789012", RecoveryCode},
		{"", "", NoCode},
		{"12345", "", NoCode},
		{"1234567", "", NoCode},
		{"12345a", "", NoCode},
		{"١٢٣٤٥٦", "", NoCode},
		{strings.Repeat("1", 5000), "", NoCode},
	} {
		if code, kind := ReadCode(test.typed); code != test.code || kind != test.kind {
			t.Errorf("%q is %q, %v", test.typed, code, kind)
		}
	}
}

func TestRecoveryCodesAreDifferentAndHashedForTheirOwner(t *testing.T) {
	codes := NewRecoveryCodes()
	seen := map[string]bool{}
	for _, code := range codes {
		if read, kind := ReadCode(FormatRecoveryCode(code)); read != code || kind != RecoveryCode {
			t.Errorf("%q is read as %q, %v", FormatRecoveryCode(code), read, kind)
		}
		seen[code] = true
	}
	if len(codes) != RecoveryCodes || len(seen) != RecoveryCodes {
		t.Errorf("%d codes, %d different", len(codes), len(seen))
	}
	hash := string(HashRecoveryCode([]byte("key"), "user", codes[0]))
	for _, other := range [][]byte{HashRecoveryCode([]byte("other"), "user", codes[0]), HashRecoveryCode([]byte("key"), "other", codes[0]), HashRecoveryCode([]byte("key"), "user", codes[1])} {
		if string(other) == hash {
			t.Error("another key, person or code has the same hash")
		}
	}
}

func TestLevelsFollowFromWhatWasDone(t *testing.T) {
	for _, test := range []struct {
		amr  string
		want int
	}{{"", 0}, {"pwd", 1}, {WithCode("pwd"), 2}, {WithKey("pwd"), 2}, {"otp mfa", 0}, {"pwd otp", 1}, {"mfa", 0}} {
		if got := Reached(test.amr); len(got) != test.want {
			t.Errorf("%q reaches %v", test.amr, got)
		}
	}
	if got := WithKey(WithCode("pwd")); got != "pwd otp mfa pop" {
		t.Errorf("a key after a code: %q", got)
	}
	for _, test := range []struct {
		named []string
		want  string
	}{{nil, ""}, {[]string{"urn:x"}, ""}, {[]string{LevelFactor}, LevelFactor}, {[]string{"urn:x", LevelFactor, LevelPassword}, LevelPassword}} {
		if got := Asked(test.named); got != test.want {
			t.Errorf("%v asks %q, want %q", test.named, got, test.want)
		}
	}
}

func TestPasskeysNeedAHostName(t *testing.T) {
	for issuer, want := range map[string]bool{"https://connexion.example.org": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "http://[::1]:8080": false} {
		p, err := NewPasskeys(issuer, "Espace bailleur", []byte("key"))
		if err != nil || (p != nil) != want {
			t.Errorf("%s: %v, %v", issuer, p, err)
		}
	}
}

func TestAKeyLearnsNothingAboutThePerson(t *testing.T) {
	p, err := NewPasskeys("https://connexion.example.org", "Espace bailleur", []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Create(Holder{UserID: "0193a5b0-secret-id", Name: "Jeanne Martin"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id":"connexion.example.org"`, `"attestation":"none"`, `"userVerification":"discouraged"`, `"residentKey":"preferred"`, "Jeanne Martin"} {
		if !strings.Contains(c.Options, want) {
			t.Errorf("%s is missing in %s", want, c.Options)
		}
	}
	if strings.Contains(c.Options, "secret-id") || strings.Contains(c.Options, "LOG") {
		t.Errorf("the key learns who it is: %s", c.Options)
	}
}
