//go:build partners

package partnertest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"loge/provider/config"
	"loge/provider/providertest"
	"loge/storage/storagetest"
)

func TestMain(m *testing.M) { storagetest.Main(m) }

const (
	odile = "45675320380001;physique;69;;;Mme;Odile;Marchand;odile@exemple.fr;12 rue des Lilas;69003 Lyon;;;;;LOG1A2B3C4D"
	own   = "quatre lampes sous la pluie"
)

// start runs a provider that Odile can sign in to, change settles its settings.
func start(t *testing.T, change func(*config.Config)) *providertest.Provider {
	t.Helper()
	p := providertest.Start(t, providertest.Options{Change: change, Clock: providertest.Running()})
	p.Import(odile)
	return p
}

// signIn is Odile's first sign-in, from the page where the application sent her
// to the last button.
func signIn(t *testing.T, p *providertest.Provider, page *providertest.Page) *providertest.Page {
	t.Helper()
	identifier, provisional := p.Credentials("odile@exemple.fr")
	expect(t, page, "Connexion à l’Espace bailleur")
	page = page.Submit("identifiant", identifier, "mot_de_passe", provisional).Submit().Submit("nouveau_mot_de_passe", own).
		Submit("accepte", "oui").Submit("accepte", "oui")
	expect(t, page, "Loyers demande vos renseignements")
	return page.Press("Autoriser")
}

func expect(t *testing.T, page *providertest.Page, h1 string) {
	t.Helper()
	if page.H1() != h1 {
		t.Fatalf("%s (%d) shows « %s », want « %s »\n%s", page.URL, page.Status, page.H1(), h1, providertest.Squeeze(page.Text()))
	}
}

// freePort is a port of the loopback interface that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// build is build/partners of the repository, where what is fetched stays.
func build(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../build/partners")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// run starts a program that ends with the test. Its output is shown when the
// test fails. It is ready when its output has a line that begins with ready; ""
// waits for nothing.
func run(t *testing.T, ready string, cmd *exec.Cmd) {
	t.Helper()
	out := &output{ready: make(chan struct{}), sign: ready}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(cmd.Path), out)
		}
	})
	if ready == "" {
		return
	}
	select {
	case <-out.ready:
	case err := <-ended:
		t.Fatalf("%s ended: %v\n%s", cmd.Path, err, out)
	case <-time.After(time.Minute):
		t.Fatalf("%s is not ready after a minute\n%s", cmd.Path, out)
	}
}

// output keeps what a program prints and tells when the sign has come.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	sign  string
	ready chan struct{}
	once  sync.Once
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	lines := bufio.NewScanner(bytes.NewReader(o.text.Bytes()))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), o.sign) {
			o.once.Do(func() { close(o.ready) })
		}
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// listens waits until somebody listens at that port.
func listens(t *testing.T, port int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = c.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("nobody listens at %d: %v", port, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
