package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"loge/provider/job"
	"loge/provider/life"
	"loge/storage"
)

const (
	// firstTurn lets those be answered first who waited for the start: there are
	// RSA keys to make and 25 tables to purge.
	firstTurn = 100 * time.Millisecond

	mailInterval  = 2 * time.Second
	purgeInterval = 10 * time.Minute
	lifeInterval  = time.Hour
	// Logouts leave when they are woken; the interval is for those of other
	// replicas and for second attempts.
	logoutInterval = 2 * time.Second
	expireInterval = time.Minute
	expireBatch    = 100
	keysInterval   = 30 * time.Minute
	purgeBatch     = 1000
	// replayMemory is how long a used code is remembered, so that a second use
	// is seen and revokes what the first one gave.
	replayMemory = 24 * time.Hour
)

// startJobs runs every background job until ctx ends.
func (p *Provider) startJobs(ctx context.Context, running *sync.WaitGroup) {
	for _, j := range p.jobs() {
		j.Done = p.Telemetry.Job(j.Name)
		running.Go(func() {
			select {
			case <-time.After(firstTurn):
				job.Every(ctx, p.DB, p.Log, j)
			case <-ctx.Done():
			}
		})
	}
}

func (p *Provider) jobs() []job.Job {
	return []job.Job{
		{Name: "mail", Interval: mailInterval, Timeout: 10 * time.Minute, Run: p.sendMail, Wake: p.Delivery.Woken(), Everywhere: true},
		{Name: "logout", Interval: logoutInterval, Timeout: 5 * time.Minute, Run: p.SendLogouts, Wake: p.oauth.LogoutsWoken(), Everywhere: true},
		{Name: "expire", Interval: expireInterval, Run: p.expire},
		{Name: "keys", Interval: keysInterval, Run: p.RotateKeys},
		{Name: "life", Interval: lifeInterval, Timeout: 30 * time.Minute, Run: p.live},
		{Name: "purge", Interval: purgeInterval, Run: p.purge},
	}
}

// Help looks at what people without access have asked for, and tells how much
// there was.
func (p *Provider) Help(ctx context.Context) (int, error) { return p.recovery.Answer(ctx) }

// sendMail first looks at what was asked for: whoever asked waits for a mail.
func (p *Provider) sendMail(ctx context.Context) error {
	if _, err := p.Help(ctx); err != nil {
		return err
	}
	sent, err := p.Delivery.Run(ctx)
	if sent > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil // the queue is long, as after an import: the next run goes on
	}
	return err
}

// wake has what the sign-in pages have just caused leave at once.
func (p *Provider) wake() {
	p.Delivery.Wake()
	p.oauth.WakeLogouts()
}

// RotateKeys makes the signing keys that are missing or due.
func (p *Provider) RotateKeys(ctx context.Context) error { return p.oauth.RotateKeys(ctx) }

// SendLogouts tells applications of the sessions that have ended.
func (p *Provider) SendLogouts(ctx context.Context) error { return p.oauth.SendLogouts(ctx) }

// live does what an access has coming because time passes.
func (p *Provider) live(ctx context.Context) error {
	l := life.Life{DB: p.DB, Reminders: p.Config.Service.Reminders, Retention: p.Config.Retention, Now: p.Now, Log: p.Log}
	err := l.Run(ctx)
	p.wake()
	return err
}

// expire ends the sessions whose absolute end has come, in short transactions,
// so that applications learn it.
func (p *Provider) expire(ctx context.Context) error {
	for {
		ended, err := p.oauth.EndExpired(ctx, expireBatch)
		if err != nil {
			return err
		}
		if ended > 0 {
			p.oauth.WakeLogouts()
		}
		if ended < expireBatch {
			return nil
		}
	}
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
		{"device codes", replayMemory, (*storage.Queries).PurgeDevices},
		{"pushed requests", time.Hour, (*storage.Queries).PurgePushedRequests},
		{"codes", replayMemory, (*storage.Queries).PurgeCodes},
		{"client assertions", time.Hour, (*storage.Queries).PurgeAssertions},
		{"DPoP proofs", time.Hour, (*storage.Queries).PurgeProofs},
		{"access tokens", time.Hour, (*storage.Queries).PurgeAccessTokens},
		{"refresh tokens", time.Hour, (*storage.Queries).PurgeRefreshTokens},
		// Not before the session: its grants say which applications to tell of its end.
		{"grants", max(keep.Audit, p.Config.Sessions.Absolute), (*storage.Queries).PurgeGrants},
		{"sessions", keep.Sessions, (*storage.Queries).PurgeSessions},
		{"provisional passwords", keep.Audit, (*storage.Queries).PurgeProvisionals},
		{"e-mail codes", 24 * time.Hour, (*storage.Queries).PurgeEmailChanges},
		{"changes of the e-mail address", 24 * time.Hour, (*storage.Queries).PurgeEmailUndos},
		{"requests to close", keep.Audit, (*storage.Queries).PurgeClosings},
		{"failures", 25 * time.Hour, (*storage.Queries).PurgeFailures},
		{"requests for help", 24 * time.Hour, (*storage.Queries).PurgeHelpRequests},
		{"walks through problems", 30 * 24 * time.Hour, (*storage.Queries).PurgeProblems},
		{"known browsers", time.Hour, (*storage.Queries).PurgeKnownBrowsers},
		{"throttles", 25 * time.Hour, (*storage.Queries).PurgeThrottles},
		{"logouts", keep.Sessions, (*storage.Queries).PurgeLogouts},
		{"signing keys", p.oauth.Lifetimes.KeyKept(), (*storage.Queries).PurgeSigningKeys},
		{"offers of the administrator's role", time.Hour, (*storage.Queries).PurgeRoleOffers},
		{"invitations", keep.Sessions, (*storage.Queries).PurgeInvitations},
		{"messages", keep.Messages, (*storage.Queries).PurgeMessages},
		{"audit events", keep.Audit, (*storage.Queries).PurgeAudit},
	}
}

// purge deletes what has expired, in batches, each a short transaction, so that
// nobody waits for it, and writes into the journal how much of what it was.
func (p *Provider) purge(ctx context.Context) error {
	counts := map[string]string{}
	for _, e := range p.expiries() {
		before, rows := storage.At(p.Now().Add(-e.after)), int64(0)
		for deleted := int64(purgeBatch); deleted == purgeBatch; {
			err := p.DB.InTx(ctx, func(q *storage.Queries) (err error) {
				deleted, err = e.purge(q, ctx, before, purgeBatch)
				return err
			})
			if err != nil {
				return fmt.Errorf("purge %s: %w", e.name, err)
			}
			rows += deleted
		}
		if rows > 0 {
			p.Log.InfoContext(ctx, "purged", "kind", e.name, "rows", rows)
			counts[e.name] = strconv.FormatInt(rows, 10)
		}
	}
	files, err := p.Delivery.PurgeFiles(ctx)
	if err != nil {
		return err
	}
	if files > 0 {
		p.Log.InfoContext(ctx, "purged", "kind", "files of letters", "rows", files)
		counts["files of letters"] = strconv.Itoa(files)
	}
	if len(counts) == 0 {
		return nil
	}
	return p.DB.InTx(ctx, func(q *storage.Queries) error {
		return q.Audit(ctx, storage.AuditEvent{At: storage.At(p.Now()), Actor: "system", Action: "data.purged", Details: counts})
	})
}
