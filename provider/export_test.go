package provider

import "github.com/gorilla/mux"

// Router is the router alone, for tests that walk its routes.
func (p *Provider) Router() (*mux.Router, error) { return p.router() }
