package web

import (
	"fmt"
	"net/http"
	"net/url"
)

// CrossOrigin refuses a POST that another site made the browser send. It is
// for pages only: on protocol endpoints such requests are legitimate. The
// issuer's own origin is always welcome, because a proxy that rewrites Host
// would otherwise make our own forms look foreign.
func CrossOrigin(issuer string, deny http.Handler) (func(http.Handler) http.Handler, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, fmt.Errorf("cross-origin protection: %w", err)
	}
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("cross-origin protection: %w", err)
	}
	protection.SetDenyHandler(deny)
	return protection.Handler, nil
}

// Stale is the deny handler: a page that says to start again. To people it
// only happens with a form left open while the browser or the address changed.
func (p *Pages) Stale() http.Handler {
	return p.Handle(func(http.ResponseWriter, *http.Request) error {
		return &Error{Status: http.StatusForbidden, Message: "error.stale"}
	})
}
