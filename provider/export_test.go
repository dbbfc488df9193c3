package provider

import (
	"context"

	"github.com/gorilla/mux"
)

// Router is the router alone, for tests that walk its routes.
func (p *Provider) Router() (*mux.Router, error) { return p.newRouter() }

// Expire is one run of the job that ends sessions.
func (p *Provider) Expire(ctx context.Context) error { return p.expire(ctx) }

// Live runs the job of the accesses' life.
func (p *Provider) Live(ctx context.Context) error { return p.live(ctx) }

// Purged are the kinds of row that go when their time is over.
func (p *Provider) Purged() (kinds []string) {
	for _, e := range p.expiries() {
		kinds = append(kinds, e.name)
	}
	return kinds
}

// Purge is one run of the job that deletes what has expired.
func (p *Provider) Purge(ctx context.Context) error { return p.purge(ctx) }
