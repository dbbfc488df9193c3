package throttle

import (
	"context"
	"time"

	"loge/storage"
)

// bucket is one limit: a unit comes back every increment
// seconds, and a full bucket is burst seconds' worth of units.
type bucket struct {
	suffix           string
	increment, burst int64
}

// addressBuckets: 30 failures at once and one more every 20 seconds; 100 at once
// and one more every 14 minutes 24 seconds. A whole office shares an address.
var addressBuckets = []bucket{
	{"/10m", 20, 600},
	{"/day", 864, 86400},
}

// Address takes one failure from the buckets of a network address (see
// [Keys.Address]), inside the caller's transaction. A refusal takes nothing.
// After a right password, or one that was not looked at: [RefundAddress].
func Address(ctx context.Context, q *storage.Queries, key string, now time.Time) (Decision, error) {
	return take(ctx, q, key, now, addressBuckets)
}

// take takes one unit from each bucket of a key, or none at all.
func take(ctx context.Context, q *storage.Queries, key string, now time.Time, buckets []bucket) (Decision, error) {
	t := storage.At(now)
	for i, b := range buckets {
		taken, err := q.TakeThrottle(ctx, key+b.suffix, b.increment, b.burst, t)
		if err != nil {
			return Decision{}, err
		}
		if taken {
			continue
		}
		if err := refund(ctx, q, key, buckets[:i]); err != nil {
			return Decision{}, err
		}
		full, err := q.ThrottleFullAt(ctx, key+b.suffix)
		if err != nil {
			return Decision{}, err
		}
		until := full - storage.Time(b.burst-b.increment)
		return Decision{Wait: until.Time().Sub(t.Time()), Until: until.Time()}, nil
	}
	return Decision{Allowed: true}, nil
}

// RefundAddress gives one failure back to the buckets of an address.
func RefundAddress(ctx context.Context, q *storage.Queries, key string) error {
	return refund(ctx, q, key, addressBuckets)
}

func refund(ctx context.Context, q *storage.Queries, key string, buckets []bucket) error {
	for _, b := range buckets {
		if err := q.RefundThrottle(ctx, key+b.suffix, b.increment); err != nil {
			return err
		}
	}
	return nil
}
