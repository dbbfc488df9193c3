package demo

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// DefaultListen is where the provider listens unless told otherwise.
const DefaultListen = "127.0.0.1:8080"

// listen opens three listeners: the first at address, the others on the next
// ports. Port 0 takes any three free ports. Only loopback is accepted: the
// mailbox shows everybody's secrets, and the provider speaks http.
func listen(address string) (listeners [3]net.Listener, err error) {
	if address == "" {
		address = DefaultListen
	}
	first, err := netip.ParseAddrPort(address)
	if err != nil || !first.Addr().IsLoopback() {
		return listeners, fmt.Errorf("listen on %q: the demonstration needs a loopback address and a port, for example %s", address, DefaultListen)
	}
	defer func() {
		if err != nil {
			closeAll(listeners[:])
		}
	}()
	for i := range listeners {
		port := int(first.Port())
		if port != 0 {
			port += i
		}
		at := net.JoinHostPort(first.Addr().String(), strconv.Itoa(port))
		listeners[i], err = net.Listen("tcp", at)
		if errors.Is(err, syscall.EADDRINUSE) {
			return listeners, fmt.Errorf("listen: %s is taken by another program: choose three free ports, for example with --listen %s", at, net.JoinHostPort(first.Addr().String(), "9080"))
		}
		if err != nil {
			return listeners, fmt.Errorf("listen: %w", err)
		}
	}
	return listeners, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		if l != nil {
			l.Close()
		}
	}
}

func address(l net.Listener) string { return "http://" + l.Addr().String() }
