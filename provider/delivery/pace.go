package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loge/storage"
)

// errPace says that the minute's e-mails have left.
var errPace = errors.New("rate of sending reached")

// paceBurst is how much of a minute's rate may leave at once: more than passes
// between two runs of the job.
const paceBurst = 5 * time.Second

// pace takes one e-mail from the rate that all replicas share. It counts in
// milliseconds where other limits count seconds.
func (d *Delivery) pace(ctx context.Context, q *storage.Queries, now time.Time) error {
	if d.Rate == 0 {
		return nil
	}
	each := time.Minute.Milliseconds() / int64(d.Rate)
	taken, err := q.TakeThrottle(ctx, "mail.rate", each, max(each, paceBurst.Milliseconds()), storage.Time(now.UnixMilli()))
	if err != nil {
		return fmt.Errorf("rate of sending: %w", err)
	}
	if !taken {
		return errPace
	}
	return nil
}
