package oauth

import (
	"context"

	"github.com/ory/fosite"

	"loge/storage"
)

// unit is one unit of work: what one request has read and what it will write.
type unit struct {
	client     *client
	code       *storage.Code
	authorized *fosite.Request // what the code was given for
	holder     storage.Holder  // of the code, read with it
	proof      *proof          // of a DPoP key; proven once the client has authenticated
	proven     confirmation    // keys that the request has proven to have, and that its access tokens will ask for
	target     target          // what its access tokens are meant for
	access     storage.AccessToken
	// asksTokens is set at the token endpoint, where some clients must bring a proof.
	asksTokens bool
	writes     []func(ctx context.Context, q *storage.Queries) error
}

type unitKey struct{}

// begin starts a unit of work. It travels in the context because fosite has no
// other place for it.
func begin(ctx context.Context) (context.Context, *unit) {
	u := &unit{}
	return context.WithValue(ctx, unitKey{}, u), u
}

// unitOf returns the running unit; store methods outside of one are a bug.
func unitOf(ctx context.Context) *unit { return ctx.Value(unitKey{}).(*unit) }

// write puts a write at the end of the unit.
func (u *unit) write(fn func(ctx context.Context, q *storage.Queries) error) {
	u.writes = append(u.writes, fn)
}

// commit applies every write in one transaction, or none. No write may need the
// result of another.
func (u *unit) commit(ctx context.Context, db *storage.DB) error {
	return db.Apply(ctx, func(q *storage.Queries) error {
		for _, write := range u.writes {
			if err := write(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}
