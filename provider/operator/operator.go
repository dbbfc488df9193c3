package operator

import (
	"context"
	"net/http"
	"time"

	"loge/provider/outbound"
	"loge/storage"
)

// Operator acts for the agency. Its methods may run at the same time.
type Operator struct {
	DB    *storage.DB
	Now   func() time.Time
	Actor string // who is written into the journal: "agent:NAME" or "system"
	// Outbound asks at addresses that clients name: see package outbound. nil:
	// public ones only.
	Outbound *http.Client
}

func (o *Operator) now() storage.Time { return storage.At(o.Now()) }

// fetch returns what is at an address that a client names.
func (o *Operator) fetch(ctx context.Context, address string) ([]byte, error) {
	client := o.Outbound
	if client == nil {
		client = outbound.New(outbound.Options{})
	}
	return outbound.Fetch(ctx, client, address)
}
