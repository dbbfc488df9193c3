package storage

import "context"

// Problem is one walk of one browser through « Problème de connexion ».
type Problem struct {
	ID          string
	Reference   string // what the person is told; ten signs
	BrowserHash []byte
	Path        string // the steps that were seen, space list, oldest first
	AccountID   string // once a request named one that exists
	Outcome     string // of the latest request, in English, for the agency
	CreatedAt   Time
	SeenAt      Time
}

const problemColumns = `id, reference, browser_hash, path, account_id, outcome, created_at, seen_at`

// maxPath bounds how much of a walk is kept, in bytes.
const maxPath = 400

func scanProblem(s scanner) (p Problem, err error) {
	err = s.Scan(&p.ID, &p.Reference, &p.BrowserHash, &p.Path, &p.AccountID, &p.Outcome, &p.CreatedAt, &p.SeenAt)
	return p, err
}

// CreateProblem begins a walk.
func (q *Queries) CreateProblem(ctx context.Context, p Problem) error {
	return q.exec(ctx, `INSERT INTO problems (`+problemColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.Reference, p.BrowserHash, p.Path, p.AccountID, p.Outcome, p.CreatedAt, p.SeenAt)
}

// ProblemOfBrowser returns the browser's latest walk that was not left before
// since; ErrNotFound when there is none.
func (q *Queries) ProblemOfBrowser(ctx context.Context, browser []byte, since Time) (Problem, error) {
	return one(ctx, q, scanProblem, `SELECT `+problemColumns+` FROM problems
		WHERE browser_hash = $1 AND seen_at > $2 ORDER BY created_at DESC, id DESC LIMIT 1`, browser, since)
}

// ProblemByReference returns the walk with that reference, ten signs without a
// hyphen.
func (q *Queries) ProblemByReference(ctx context.Context, reference string) (Problem, error) {
	return one(ctx, q, scanProblem, `SELECT `+problemColumns+` FROM problems WHERE reference = $1`, reference)
}

// StepProblem notes that the walk has come to a step. A step seen twice in a row
// is noted once, and a walk that has become too long notes nothing more.
func (q *Queries) StepProblem(ctx context.Context, id, step string, now Time) error {
	return q.exec(ctx, `UPDATE problems SET seen_at = $3,
		path = CASE WHEN length(path) > $4 OR path = CAST($2 AS TEXT) OR path LIKE '% ' || CAST($2 AS TEXT) THEN path ELSE path || ' ' || CAST($2 AS TEXT) END
		WHERE id = $1`, id, step, now, maxPath)
}

// SettleProblem notes what came of a request; accountID "" leaves the account
// that an earlier one named.
func (q *Queries) SettleProblem(ctx context.Context, id, accountID, outcome string) error {
	return q.exec(ctx, `UPDATE problems SET outcome = $3, account_id = CASE WHEN CAST($2 AS TEXT) = '' THEN account_id ELSE CAST($2 AS TEXT) END
		WHERE id = $1`, id, accountID, outcome)
}

// PurgeProblems deletes walks that were left before then.
func (q *Queries) PurgeProblems(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM problems WHERE id IN (SELECT id FROM problems WHERE seen_at < $1 LIMIT $2)`, before, limit)
}
