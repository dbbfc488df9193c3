package signin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/mux"
)

// logoOf is our own address of an application's logo, "" when it has none.
func (s *Signin) logoOf(r *http.Request, clientID, uri string) (string, error) {
	if uri == "" {
		return "", nil
	}
	stored, err := s.DB.LogoURI(r.Context(), clientID)
	if err != nil {
		return "", fmt.Errorf("load logo: %w", err)
	}
	if stored != uri {
		return "", nil
	}
	return logoPath(clientID), nil
}

func logoPath(clientID string) string { return "/applications/" + url.PathEscape(clientID) + "/logo" }

// Logo serves an application's logo, as it was made from what was fetched once:
// pages show nothing of another site.
func (s *Signin) Logo(w http.ResponseWriter, r *http.Request) error {
	logo, err := s.DB.LogoOf(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		return err // without one it is the page of unknown addresses
	}
	h := w.Header()
	h.Set("Content-Type", logo.Type)
	h.Set("Content-Length", strconv.Itoa(len(logo.Image)))
	h.Set("Cache-Control", "public, max-age=3600")
	if r.Method != http.MethodHead {
		_, _ = w.Write(logo.Image) // fails only when the browser has gone
	}
	return nil
}
