package operator

import (
	"time"

	"loge/storage"
)

// Operator acts for the agency. Its methods may run at the same time.
type Operator struct {
	DB    *storage.DB
	Now   func() time.Time
	Actor string // who is written into the journal: "agent:NAME" or "system"
}

func (o *Operator) now() storage.Time { return storage.At(o.Now()) }
