package web_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"loge/provider/web"
)

const urlencoded = "application/x-www-form-urlencoded"

func TestFormReadsFieldsOfTheBodyOnly(t *testing.T) {
	body := url.Values{"identifiant": {"LOG 4F7K29QX"}, "nom": {"Lefèvre"}, "vide": {""}}
	for _, kind := range []string{urlencoded, urlencoded + "; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"} {
		r := httptest.NewRequest("POST", "/connexion?identifiant=autre&x=1", strings.NewReader(body.Encode()))
		r.Header.Set("Content-Type", kind)
		got, err := web.Form(httptest.NewRecorder(), r)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if diff := cmp.Diff(body, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func TestFormTakesWhatIsJustAllowed(t *testing.T) {
	most := strings.TrimSuffix(strings.Repeat("a=1&", 1)+numbered(299), "&")
	for name, body := range map[string]string{
		"64 KiB":     "a=" + strings.Repeat("x", 64<<10-2),
		"300 fields": most,
		"empty":      "",
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", urlencoded)
		if _, err := web.Form(httptest.NewRecorder(), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("f")
		b.WriteString(strings.Repeat("x", i))
		b.WriteString("=1&")
	}
	return b.String()
}

func TestFormRefusesBadInput(t *testing.T) {
	tests := []struct {
		name, kind string
		body       io.Reader
		status     int
		message    string
	}{
		{"too large", urlencoded, strings.NewReader("a=" + strings.Repeat("x", 64<<10)), 413, "error.too_large"},
		{"too many fields", urlencoded, strings.NewReader(numbered(301)), 400, "error.form"},
		{"only separators", urlencoded, strings.NewReader(strings.Repeat("&", 60000)), 400, "error.form"},
		{"not UTF-8", urlencoded, strings.NewReader("nom=Lef%E8vre"), 400, "error.form"},
		{"not UTF-8, raw", urlencoded, strings.NewReader("nom=Lef\xe8vre"), 400, "error.form"},
		{"not UTF-8 name", urlencoded, strings.NewReader("n%FFm=x"), 400, "error.form"},
		{"NUL", urlencoded, strings.NewReader("nom=a%00b"), 400, "error.form"},
		{"bad escape", urlencoded, strings.NewReader("nom=%zz"), 400, "error.form"},
		{"semicolon", urlencoded, strings.NewReader("a=1;b=2"), 400, "error.form"},
		{"twice", urlencoded, strings.NewReader("identifiant=a&identifiant=b"), 400, "error.form"},
		{"twice the same", urlencoded, strings.NewReader("a=1&a=1"), 400, "error.form"},
		{"broken connection", urlencoded, iotest.ErrReader(io.ErrUnexpectedEOF), 400, "error.form"},
		{"multipart", "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n"), 415, "error.form"},
		{"JSON", "application/json", strings.NewReader(`{"a":"1"}`), 415, "error.form"},
		{"plain", "text/plain", strings.NewReader("a=1"), 415, "error.form"},
		{"no type", "", strings.NewReader("a=1"), 415, "error.form"},
		{"broken type", "application/", strings.NewReader("a=1"), 415, "error.form"},
		{"Latin-1", urlencoded + "; charset=iso-8859-1", strings.NewReader("a=1"), 415, "error.form"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("POST", "/", tt.body)
		if tt.kind != "" {
			r.Header.Set("Content-Type", tt.kind)
		}
		values, err := web.Form(httptest.NewRecorder(), r)
		told, ok := errors.AsType[*web.Error](err)
		if !ok {
			t.Errorf("%s: got %v, %v, want a *web.Error", tt.name, values, err)
			continue
		}
		if told.Status != tt.status || told.Message != tt.message || values != nil {
			t.Errorf("%s: got %d %s, want %d %s", tt.name, told.Status, told.Message, tt.status, tt.message)
		}
	}
}

func FuzzForm(f *testing.F) {
	f.Add("identifiant=LOG+4F7K29QX&mot_de_passe=%C3%A9")
	f.Add("a=%00&b=%ff")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", urlencoded)
		values, err := web.Form(httptest.NewRecorder(), r)
		if err != nil {
			if _, ok := errors.AsType[*web.Error](err); !ok {
				t.Fatalf("error without a page: %v", err)
			}
			return
		}
		for name, all := range values {
			if len(all) != 1 || strings.ContainsRune(name+all[0], 0) || strings.ToValidUTF8(name+all[0], "") != name+all[0] {
				t.Fatalf("let through %q: %q", name, all)
			}
		}
	})
}
