package provider

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificate serves the key pair of two files and reads them again when they
// change, so that a renewed certificate needs no restart.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // modification time of the files read
	checked time.Time
}

// loadCertificate reads the files once, so that a mistake shows at the start.
func loadCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	return c, c.reload()
}

// get is tls.Config.GetCertificate. A pair that cannot be read (half-written,
// say) leaves the old one in place until the next look.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) > 10*time.Second {
		c.checked = time.Now()
		_ = c.reload() // the pair in place goes on serving
	}
	return c.pair, nil
}

func (c *certificate) reload() error {
	changed, err := c.modified()
	if err != nil {
		return err
	}
	if c.pair != nil && !changed.After(c.changed) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	c.pair, c.changed = &pair, changed
	return nil
}

func (c *certificate) modified() (latest time.Time, err error) {
	for _, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return latest, fmt.Errorf("read certificate: %w", err)
		}
		if info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	return latest, nil
}
