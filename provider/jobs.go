package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"loge/provider/job"
	"loge/storage"
)

const (
	mailInterval  = 2 * time.Second
	purgeInterval = 10 * time.Minute
	purgeBatch    = 1000
	// replayMemory is how long a used code is remembered, so that a second use
	// is seen and revokes what the first one gave.
	replayMemory = 24 * time.Hour
)

// startJobs runs every background job until ctx ends.
func (p *Provider) startJobs(ctx context.Context, running *sync.WaitGroup) {
	for _, j := range p.jobs() {
		j.Done = p.Telemetry.Job(j.Name)
		running.Go(func() { job.Every(ctx, p.DB, p.Log, j) })
	}
}

func (p *Provider) jobs() []job.Job {
	return []job.Job{
		{Name: "mail", Interval: mailInterval, Timeout: 10 * time.Minute, Run: p.sendMail, Wake: p.Delivery.Woken(), Everywhere: true},
		{Name: "purge", Interval: purgeInterval, Run: p.purge},
	}
}

func (p *Provider) sendMail(ctx context.Context) error {
	sent, err := p.Delivery.Run(ctx)
	if sent > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil // the queue is long, as after an import: the next run goes on
	}
	return err
}

// expiry is one kind of row that goes when its time is over.
type expiry struct {
	name  string
	after time.Duration // since the row ended
	purge func(q *storage.Queries, ctx context.Context, before storage.Time, limit int) (int64, error)
}

func (p *Provider) expiries() []expiry {
	keep := p.Config.Retention
	return []expiry{
		{"flows", time.Hour, (*storage.Queries).PurgeFlows},
		{"codes", replayMemory, (*storage.Queries).PurgeCodes},
		{"access tokens", time.Hour, (*storage.Queries).PurgeAccessTokens},
		{"grants", keep.Audit, (*storage.Queries).PurgeGrants},
		{"sessions", keep.Sessions, (*storage.Queries).PurgeSessions},
		{"provisional passwords", keep.Audit, (*storage.Queries).PurgeProvisionals},
		{"e-mail codes", 24 * time.Hour, (*storage.Queries).PurgeEmailChanges},
		{"failures", 25 * time.Hour, (*storage.Queries).PurgeFailures},
		{"throttles", 25 * time.Hour, (*storage.Queries).PurgeThrottles},
		{"messages", keep.Messages, (*storage.Queries).PurgeMessages},
		{"audit events", keep.Audit, (*storage.Queries).PurgeAudit},
	}
}

// purge deletes what has expired, in batches, each a short transaction, so that
// nobody waits for it.
func (p *Provider) purge(ctx context.Context) error {
	for _, e := range p.expiries() {
		before := storage.At(p.Now().Add(-e.after))
		for deleted := int64(purgeBatch); deleted == purgeBatch; {
			err := p.DB.InTx(ctx, func(q *storage.Queries) (err error) {
				deleted, err = e.purge(q, ctx, before, purgeBatch)
				return err
			})
			if err != nil {
				return fmt.Errorf("purge %s: %w", e.name, err)
			}
			if deleted > 0 {
				p.Log.InfoContext(ctx, "purged", "kind", e.name, "rows", deleted)
			}
		}
	}
	return nil
}
