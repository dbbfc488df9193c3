package storage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Failures counts the wrong passwords and codes of one account, or of one
// identifier that nobody has. A key without failures is the zero counter.
type Failures struct {
	Key    string
	Streak int    // failures since the last success
	Recent []Time // failures that still count for the day, oldest first
	LastAt Time   // last failure
}

const failureColumns = `key, streak, recent, last_at`

func scanFailures(s scanner) (f Failures, err error) {
	var recent string
	if err := s.Scan(&f.Key, &f.Streak, &recent, &f.LastAt); err != nil {
		return f, err
	}
	for _, field := range strings.Fields(recent) {
		at, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return f, fmt.Errorf("read failures of %s: %w", f.Key, err)
		}
		f.Recent = append(f.Recent, Time(at))
	}
	return f, nil
}

// Failures returns the counter as it stands, to be shown. To decide whether a
// try is allowed, call CountAttempt.
func (q *Queries) Failures(ctx context.Context, key string) (Failures, error) {
	return one(ctx, q, scanFailures, `SELECT `+failureColumns+` FROM failures WHERE key = $1`, key)
}

// CountAttempt replaces the counter by what change makes of it and returns the
// new one. It must be called, and its transaction committed, before a password
// is looked at: then a hundred guesses at once are a hundred guesses.
//
// The first statement writes, and so takes the row: everybody else waits until
// this transaction has ended, on both databases. change is called once.
func (q *Queries) CountAttempt(ctx context.Context, key string, change func(Failures) Failures) (Failures, error) {
	f, err := one(ctx, q, scanFailures, `INSERT INTO failures (`+failureColumns+`) VALUES ($1, 0, '', 0)
		ON CONFLICT (key) DO UPDATE SET key = excluded.key
		RETURNING `+failureColumns, key)
	if err != nil {
		return Failures{}, err
	}
	f = change(f)
	f.Key = key
	recent := make([]string, len(f.Recent))
	for i, at := range f.Recent {
		recent[i] = strconv.FormatInt(int64(at), 10)
	}
	return f, q.exec(ctx, `UPDATE failures SET streak = $2, recent = $3, last_at = $4 WHERE key = $1`,
		key, f.Streak, strings.Join(recent, " "), f.LastAt)
}

// ClearFailures forgets the failures of a key: after a right password or a reset.
func (q *Queries) ClearFailures(ctx context.Context, key string) error {
	return q.exec(ctx, `DELETE FROM failures WHERE key = $1`, key)
}

// PurgeFailures removes up to limit counters whose last failure is before the
// given moment, and tells how many.
func (q *Queries) PurgeFailures(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM failures WHERE key IN
		(SELECT key FROM failures WHERE last_at < $1 ORDER BY last_at LIMIT $2)`, before, limit)
}

// TakeThrottle takes one unit from a bucket (GCRA) and tells whether there was
// one. A unit comes back every increment seconds; burst is how many seconds'
// worth of units the bucket holds: 600 of 20 are 30 units.
//
// The row holds the theoretical arrival time: when the bucket is full again.
func (q *Queries) TakeThrottle(ctx context.Context, key string, increment, burst int64, now Time) (bool, error) {
	_, err := one(ctx, q, scanOne[Time], `INSERT INTO throttles (key, tat) VALUES ($1, CAST($2 AS BIGINT) + $3)
		ON CONFLICT (key) DO UPDATE SET tat = CASE WHEN throttles.tat > $2 THEN throttles.tat ELSE $2 END + $3
		WHERE throttles.tat <= CAST($2 AS BIGINT) + $4 - $3
		RETURNING tat`, key, now, increment, burst)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// RefundThrottle puts one unit back: what was taken turned out to be no failure.
func (q *Queries) RefundThrottle(ctx context.Context, key string, increment int64) error {
	return q.exec(ctx, `UPDATE throttles SET tat = tat - CAST($2 AS BIGINT) WHERE key = $1`, key, increment)
}

// ThrottleFullAt returns when the bucket will be full again; never for a key
// from which nothing was taken.
func (q *Queries) ThrottleFullAt(ctx context.Context, key string) (Time, error) {
	at, err := one(ctx, q, scanOne[Time], `SELECT tat FROM throttles WHERE key = $1`, key)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return at, err
}

// PurgeThrottles removes up to limit buckets that were full again before the
// given moment, and tells how many.
func (q *Queries) PurgeThrottles(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM throttles WHERE key IN
		(SELECT key FROM throttles WHERE tat < $1 ORDER BY tat LIMIT $2)`, before, limit)
}
