package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Bounds on one request where Options leaves them out.
const (
	defaultTimeout = 5 * time.Second
	defaultBytes   = 256 << 10
	headerBytes    = 16 << 10 // net/http would read a megabyte
)

var (
	// ErrAddress says that nothing is asked at an address of this form.
	ErrAddress = errors.New("address refused")
	// ErrNetwork says that the host lies in a network that nothing is asked in.
	ErrNetwork = errors.New("network refused")
	// ErrRedirect says that the answer points elsewhere; nobody goes there.
	ErrRedirect = errors.New("redirect refused")
	// ErrTooLarge is the error of reading beyond the bound on an answer.
	ErrTooLarge = errors.New("answer is too large")
)

// Options say what a client may reach; the zero value is the public internet
// by https.
type Options struct {
	// Allowed are networks that may be asked although they are not public.
	Allowed []netip.Prefix
	// Loopback lets this machine be asked, by http too: for an issuer that is
	// http on loopback itself.
	Loopback bool
	// Timeout bounds a request, from the name's resolution to the last byte
	// read; 0: 5 s.
	Timeout time.Duration
	// MaxBytes bounds the body of an answer; 0: 256 KiB.
	MaxBytes int64
	// RootCAs replaces the system's certificates; nil: those.
	RootCAs *x509.CertPool
	// Resolve finds the addresses of a host; nil: the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// New returns a client bounded by o. Its errors wrap those of this package.
func New(o Options) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultBytes
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return ErrRedirect },
		Transport: &guard{Options: o, next: &http.Transport{
			Proxy:                  nil,
			DialContext:            o.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
			TLSHandshakeTimeout:    o.Timeout,
			MaxResponseHeaderBytes: headerBytes,
			DisableCompression:     true, // a small answer stays small
			DisableKeepAlives:      true, // each request is checked anew, none waits in a pool
		}},
	}
}

// dial resolves, checks and connects, in this order and to the same address.
func (o Options) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	addrs, err := o.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, addr := range addrs {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// addresses resolves the host. One address that may not be asked spoils all: a
// name that means a neighbour as well is not one to trust.
func (o Options) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, literal)
	} else if addrs, err = o.Resolve(ctx, host); err != nil {
		return nil, fmt.Errorf("resolve host: %w", err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("resolve host: %q has no address", host)
	}
	for _, addr := range addrs {
		if !o.reachable(addr) {
			return nil, fmt.Errorf("%w: %s of host %q is not a public address: the setting security.allowed_networks opens single networks", ErrNetwork, addr, host)
		}
	}
	return addrs, nil
}

// guard refuses addresses before anybody is asked, and bounds answers.
type guard struct {
	Options
	next http.RoundTripper
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.check(r.URL); err != nil {
		return nil, err
	}
	response, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &bounded{body: response.Body, left: g.MaxBytes}
	return response, nil
}
