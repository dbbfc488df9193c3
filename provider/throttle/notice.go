package throttle

import (
	"context"
	"time"

	"loge/storage"
)

// Notice tells whether it is time to say that an account waits: once a day for
// each key (see [Keys.Notice]). It writes the same whoever the key stands for.
func Notice(ctx context.Context, q *storage.Queries, key string, now time.Time) (bool, error) {
	return q.TakeThrottle(ctx, key, day, day, storage.At(now))
}
