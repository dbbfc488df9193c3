package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/providertest"
)

// served runs p as the command does, metrics included, and returns where these
// are and what stops it.
func served(t *testing.T, p *providertest.Provider) (metrics string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, listener) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil // a second stop finds it stopped
	}
	t.Cleanup(stop)
	for range 500 {
		for line := range strings.Lines(p.Logged.String()) {
			var entry struct{ Msg, Listen string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving metrics" {
				return "http://" + entry.Listen, stop
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no metrics are served:\n%s", p.Logged)
	return "", nil
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, response.Status, err)
	}
	return "\n" + string(body)
}

func TestMetricsOfASignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, providertest.Options{Change: func(c *config.Config) { c.Metrics.Listen = "127.0.0.1:0" }})
	metrics, stop := served(t, w.Provider)
	w.at(onPartner)
	w.Browser().Get(w.URL+"/connexion").Submit("identifiant", w.identifier, "mot_de_passe", "pas le bon")
	w.Browser().Get(w.URL + "/cette-page?n=existe-pas")
	w.Clock.Advance(time.Minute) // so that no message waits any longer
	w.Deliver()

	scraped := scrape(t, metrics+"/metrics")
	for _, line := range []string{
		`loge_sign_ins_total{result="succeeded"} 1`,
		`loge_sign_ins_total{result="failed"} 1`,
		`loge_tokens_issued_total{grant_type="authorization_code"} 1`,
		`loge_mails_total{kind="identifier",outcome="sent"} 1`,
		`loge_mails_total{kind="provisional",outcome="sent"} 1`,
		`loge_messages_waiting{channel="email"} 0`,
		`loge_http_request_duration_seconds_count{method="POST",route="/oauth2/token",status="2xx"} 1`,
		`loge_http_request_duration_seconds_count{method="POST",route="/connexion",status="3xx"} 1`,
		`loge_http_request_duration_seconds_count{method="POST",route="/connexion",status="4xx"} 1`,
		`loge_http_request_duration_seconds_count{method="GET",route="unknown",status="4xx"} 1`,
		`loge_job_failures_total{name="mail"} 0`,
	} {
		if !strings.Contains(scraped, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	for _, private := range []string{w.identifier, strings.ReplaceAll(w.identifier, " ", ""), "45675320380001", "odile", "Odile", "cette-page", "127.0.0.1"} {
		if strings.Contains(scraped, private) {
			t.Errorf("%q is in the metrics", private)
		}
	}
	if t.Failed() {
		t.Log(scraped)
	}
	if got := scrape(t, metrics+"/healthz"); got != "\nok\n" {
		t.Errorf("health: %q", got)
	}
	stop()
	if response, err := http.Get(metrics + "/healthz"); err == nil {
		response.Body.Close()
		t.Error("metrics are served after the end")
	}
}

func TestInventedAddressesAddNoSeries(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) { c.Metrics.Listen = "127.0.0.1:0" }})
	metrics, _ := served(t, p)
	ask := func(i int) {
		for _, path := range []string{"/%d", "/connexion/%d", "/textes/rules/%d", "/static/%d", "/?%d", "/oauth2/authorize?client_id=%d"} {
			for _, method := range []string{"GET", "POST", fmt.Sprintf("BREW%d", i)} {
				request, err := http.NewRequest(method, p.Address+fmt.Sprintf(path, i), nil)
				if err != nil {
					t.Fatal(err)
				}
				response, err := http.DefaultTransport.RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
			}
		}
	}
	const series = "\nloge_http_request_duration_seconds_count{"
	ask(100) // no version of a text has that number
	before := scrape(t, metrics+"/metrics")
	for i := range 20 {
		ask(101 + i)
	}
	after := scrape(t, metrics+"/metrics")
	if n, m := strings.Count(before, series), strings.Count(after, series); n == 0 || n != m {
		t.Errorf("%d series became %d:\n%s", n, m, after)
	}
}

func TestMetricsThatCannotListenStopTheStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := providertest.Start(t, providertest.Options{Change: func(c *config.Config) { c.Metrics.Listen = taken.Addr().String() }})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Serve(t.Context(), listener); err == nil || !strings.Contains(err.Error(), "metrics.listen: ") {
		t.Errorf("Serve: %v", err)
	}
	if _, err := listener.Accept(); err == nil {
		t.Error("the public address still listens")
	}
}
