package registry

import (
	"context"
	"encoding/json"
	"slices"

	"loge/storage"
)

// Fetch returns what is at an address that a client names; see package
// outbound.
type Fetch func(ctx context.Context, address string) ([]byte, error)

// Examine is Check, and a look at what the client names: its sector file lists
// every redirect URI (OpenID Connect Registration §5), and its logo can be
// shown. former is the client as it is stored, zero for a new one: what it has
// already passed is not asked again. The logo is nil when there is none to store.
func Examine(ctx context.Context, c, former storage.Client, fetch Fetch) (*Logo, Faults) {
	faults := Check(c)
	if faults != nil {
		return nil, faults
	}
	m := c.Metadata
	if uri := m.SectorIdentifierURI; uri != "" && (uri != former.Metadata.SectorIdentifierURI || !slices.Equal(c.RedirectURIs, former.RedirectURIs)) {
		body, err := fetch(ctx, uri)
		if err != nil {
			faults.add("sector_identifier_uri", "sector_identifier_uri %q: %v", shorten(uri), err)
		} else {
			checkSectorFile(c, body, &faults)
		}
	}
	if m.LogoURI == "" || m.LogoURI == former.Metadata.LogoURI {
		return nil, faults
	}
	logo, err := fetchLogo(ctx, m.LogoURI, fetch)
	if err != nil {
		faults.add("logo_uri", "logo_uri %q: %v", shorten(m.LogoURI), err)
		return nil, faults
	}
	return logo, faults
}

func checkSectorFile(c storage.Client, body []byte, faults *Faults) {
	var listed []string
	if err := json.Unmarshal(body, &listed); err != nil {
		faults.add("sector_identifier_uri", "sector_identifier_uri %q: it must answer with a JSON list of the redirect addresses", shorten(c.Metadata.SectorIdentifierURI))
		return
	}
	for _, uri := range c.RedirectURIs {
		if !slices.Contains(listed, uri) {
			faults.add("sector_identifier_uri", "sector_identifier_uri %q: its list lacks the redirect address %q", shorten(c.Metadata.SectorIdentifierURI), shorten(uri))
		}
	}
}
