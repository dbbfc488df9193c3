package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const reportedID = "0193f0aa-7c1e-7a55-9d3b-3f1b5c0e4a21@connexion.agence.example"

func readReport(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "reports", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestReportsOfMailServers(t *testing.T) {
	for name, want := range map[string]Report{
		"postfix-failed.eml":  {MessageID: reportedID, To: "odile1@exemple.example", Failed: true, Reason: "5.1.1: 550 5.1.1 <[…]>: Recipient address rejected: User unknown in virtual mailbox table"},
		"postfix-delayed.eml": {MessageID: reportedID, To: "odile1@exemple.example", Reason: "4.4.1: connect to mx.exemple.example[192.0.2.25]:25: Connection timed out"},
		"exchange-failed.eml": {MessageID: reportedID, To: "odile1@exemple.example", Failed: true, Reason: "5.7.1: 550 5.7.1 content rejected: […] ([…]) code […] to […]"},
	} {
		raw := readReport(t, name)
		for _, form := range []string{raw, strings.ReplaceAll(raw, "\n", "\r\n")} {
			if got, err := ReadReport(strings.NewReader(form)); err != nil || got != want {
				t.Errorf("%s:\n got %+v, %v\nwant %+v", name, got, err, want)
			}
		}
	}
}

func TestWhatIsNoReport(t *testing.T) {
	failed := readReport(t, "postfix-failed.eml")
	for name, raw := range map[string]string{
		"nothing":            "",
		"bytes":              "\x00\xff\xfe",
		"absence":            readReport(t, "absence.eml"),
		"another report":     strings.Replace(failed, "report-type=delivery-status", "report-type=feedback-report", 1),
		"delivered":          strings.Replace(failed, "Action: failed", "Action: delivered", 1),
		"no action":          strings.Replace(failed, "Action: failed", "X: failed", 1),
		"no Message-ID":      strings.Replace(failed, "\nMessage-ID:", "\nX-Message:", 1),
		"cut in the header":  failed[:200],
		"cut in the fields":  failed[:strings.Index(failed, "Action:")],
		"no boundary":        strings.Replace(failed, "boundary=", "b=", 1),
		"odd Message-ID":     strings.Replace(failed, "<0193f0aa", "<'; DROP TABLE messages", 1),
		"endless Message-ID": strings.Replace(failed, "<0193f0aa", "<"+strings.Repeat("a", 300), 1),
	} {
		if got, err := ReadReport(strings.NewReader(raw)); err != ErrNoReport {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// endless gives what it holds again and again.
type endless struct {
	what string
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.what)
	e.read += int64(n)
	return n, nil
}

func TestReportsAreBounded(t *testing.T) {
	head := "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"
	for _, what := range []string{"a", "\n", "A: b\n", "--B\n\n", "Action: failed\n\n"} {
		begin, source := time.Now(), &endless{what: what}
		_, err := ReadReport(&prefixed{head: head, then: source})
		if err != ErrNoReport || source.read > 2*maxReport || time.Since(begin) > 20*time.Second {
			t.Errorf("endless %q: %v, %d bytes read in %v", what, err, source.read, time.Since(begin))
		}
	}
}

type prefixed struct {
	head string
	then *endless
}

func (p *prefixed) Read(b []byte) (int, error) {
	if p.head == "" {
		return p.then.Read(b)
	}
	n := copy(b, p.head)
	p.head = p.head[n:]
	return n, nil
}

// FuzzBounce reads what anybody may send to the address that reports go to.
func FuzzBounce(f *testing.F) {
	for _, name := range []string{"postfix-failed.eml", "postfix-delayed.eml", "exchange-failed.eml", "absence.eml"} {
		f.Add(readReport(f, name))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := ReadReport(strings.NewReader(raw))
		if err != nil {
			if r != (Report{}) {
				t.Errorf("%+v beside %v", r, err)
			}
			return
		}
		if messageID("<"+r.MessageID+">") != r.MessageID || r.MessageID == "" {
			t.Errorf("Message-ID %q", r.MessageID)
		}
		if len(r.Reason) > maxReason+len("…") || r.Reason == "" || checkValue(r.Reason) != nil && strings.ContainsAny(r.Reason, "\r\n\x00") {
			t.Errorf("reason %q", r.Reason)
		}
		if quoted.MatchString(r.Reason) && !strings.Contains(r.Reason, "[…]") {
			t.Errorf("reason %q quotes what it must not", r.Reason)
		}
	})
}
