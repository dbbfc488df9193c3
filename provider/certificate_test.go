package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loge/provider/config"
	"loge/storage"
	"loge/storage/storagetest"
)

// writePair writes a certificate of that serial number and its key, last
// changed at that time.
func writePair(t *testing.T, certFile, keyFile string, serial int64, changed time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
}

func serial(t *testing.T, c *certificate) int64 {
	t.Helper()
	c.checked = time.Time{} // the look every ten seconds is due
	pair, err := c.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.Int64()
}

func TestRenewedCertificateIsServed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	began := time.Now().Add(-time.Hour)
	writePair(t, certFile, keyFile, 1, began)
	c, err := loadCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := serial(t, c); got != 1 {
		t.Fatalf("certificate %d is served", got)
	}
	// Half of a renewal: the new certificate stands beside the old key, or is cut
	// off, or is gone for a moment.
	oldKey, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, certFile, keyFile, 2, began.Add(time.Minute))
	newKey, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, half := range map[string]func() error{
		"old key":      func() error { return os.WriteFile(keyFile, oldKey, 0o600) },
		"half a key":   func() error { return os.WriteFile(keyFile, newKey[:len(newKey)/2], 0o600) },
		"no key":       func() error { return os.Remove(keyFile) },
		"an empty one": func() error { return os.WriteFile(keyFile, nil, 0o600) },
	} {
		if err := half(); err != nil {
			t.Fatal(err)
		}
		if got := serial(t, c); got != 1 {
			t.Errorf("%s: certificate %d is served, want the old one", name, got)
		}
	}
	if err := os.WriteFile(keyFile, newKey, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(t, c); got != 2 {
		t.Errorf("after the renewal certificate %d is served", got)
	}
	if _, err := loadCertificate(certFile, filepath.Join(dir, "missing.pem")); err == nil {
		t.Error("a start without a key succeeds")
	}
}

// class 18: TLS 1.2 is the floor where we listen.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := config.Default()
	cfg.TLS = config.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writePair(t, cfg.TLS.CertFile, cfg.TLS.KeyFile, 1, time.Now())
	cfg.Issuer, cfg.Listen = "https://127.0.0.1", "127.0.0.1:0"
	cfg.Secret = "a secret of more than thirty-two bytes"
	cfg.Mail.From, cfg.Mail.Directory = "ne-pas-repondre@agence.example", dir
	p := served(t, cfg, storagetest.Open(t))

	for version, allowed := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", p, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}) //nolint:gosec // its own certificate
		if allowed != (err == nil) {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			conn.Close()
		}
	}
	// Over TLS the server speaks HTTP/2 and http, in clear, gets no page.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}} //nolint:gosec // its own certificate
	answer, err := client.Get("https://" + p + "/connexion")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 || answer.ProtoMajor != 2 {
		t.Errorf("over TLS: %s %s", answer.Proto, answer.Status)
	}
	if clear, err := http.Get("http://" + p + "/connexion"); err == nil {
		clear.Body.Close()
		if clear.StatusCode != 400 {
			t.Errorf("in clear: %s", clear.Status)
		}
	}
}

// served runs a provider as loge serve does, until the test ends, and returns
// its address.
func served(t *testing.T, cfg config.Config, db *storage.DB) string {
	t.Helper()
	p, err := New(t.Context(), cfg, db, slog.New(slog.NewTextHandler(io.Discard, nil)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- p.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return listener.Addr().String()
}
