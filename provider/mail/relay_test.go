package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"loge/provider/config"
)

// relay is a real SMTP server on a free port. What it is told to answer is
// what it answers.
type relay struct {
	port  int
	roots *x509.CertPool

	mu               sync.Mutex
	taken            []string // bodies
	to               []string
	secure           []bool
	returns          smtp.DSNReturn // what is to come back of the latest mail
	mail, rcpt, data error
}

func (r *relay) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	return &relaySession{relay: r, tls: secure}, nil
}

type relaySession struct {
	*relay
	tls   bool
	rcpts []string
}

func (s *relaySession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *relaySession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "loge" || password != "sésame" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *relaySession) Mail(_ string, options *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.returns = options.Return
	return s.mail
}

func (s *relaySession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.rcpts = append(s.rcpts, to)
	return s.rcpt
}

func (s *relaySession) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.data != nil {
		return s.data
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken, s.to, s.relay.secure = append(s.taken, string(body)), append(s.to, s.rcpts...), append(s.relay.secure, s.tls)
	return nil
}

func (s *relaySession) Reset()        { s.rcpts = nil }
func (s *relaySession) Logout() error { return nil }

// certificate is made by ourselves for 127.0.0.1; the pool trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// start runs a relay: "starttls", "implicit" or "none". set changes its answers,
// newest is the newest version of TLS that it speaks.
func start(t *testing.T, mode string, set func(*relay), newest ...uint16) (*relay, *SMTP) {
	t.Helper()
	settings, roots := certificate(t)
	for _, version := range newest {
		settings.MinVersion, settings.MaxVersion = tls.VersionTLS10, version
	}
	r := &relay{roots: roots}
	if set != nil {
		set(r)
	}
	server := smtp.NewServer(r)
	server.Domain = "relay.example"
	server.EnableDSN = true
	server.ErrorLog = discardLog{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.port = listener.Addr().(*net.TCPAddr).Port
	switch mode {
	case "starttls":
		server.TLSConfig = settings
	case "implicit":
		listener = tls.NewListener(listener, settings)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close relay: %v", err)
		}
		<-done
	})
	return r, &SMTP{Roots: roots, Config: config.SMTP{Host: "127.0.0.1", Port: r.port, TLS: mode, Timeout: 2 * time.Second}}
}

type discardLog struct{}

func (discardLog) Printf(string, ...any) {}
func (discardLog) Println(...any)        {}

// speak runs a server that says lines, one for each line it hears, then does
// nothing more: it hangs up, or falls silent until the test ends.
func speak(t *testing.T, silent bool, lines ...string) *SMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var served sync.WaitGroup
	served.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		heard := make([]byte, 4096)
		for i, line := range lines {
			if i > 0 {
				if _, err := conn.Read(heard); err != nil {
					return
				}
			}
			if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
				return
			}
		}
		if silent {
			<-ended
		}
	})
	t.Cleanup(func() {
		close(ended)
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		served.Wait()
	})
	port := listener.Addr().(*net.TCPAddr).Port
	return &SMTP{Config: config.SMTP{Host: "127.0.0.1", Port: port, TLS: "none", Timeout: 200 * time.Millisecond}}
}
