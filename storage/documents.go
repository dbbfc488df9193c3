package storage

import "context"

// Kinds of document, as stored.
const (
	Rules = "rules" // règles d’usage, accepted by each person
	Terms = "terms" // conditions d’utilisation
)

// Document is one published version of a text. It never changes.
type Document struct {
	ID          string
	Kind        string // Rules or Terms
	Version     string
	Summary     string // what changed since the version before, without a final full stop
	Text        string // Markdown
	SHA256      string // of Text's bytes, hexadecimal
	PublishedAt Time
}

// Acceptance is the proof that a person accepted one exact text.
type Acceptance struct {
	ID         string
	UserID     string
	AccountID  string
	DocumentID string
	Kind       string
	Version    string
	SHA256     string
	AcceptedAt Time
}

const documentColumns = `id, kind, version, summary, text, sha256, published_at`

func scanDocument(s scanner) (d Document, err error) {
	err = s.Scan(&d.ID, &d.Kind, &d.Version, &d.Summary, &d.Text, &d.SHA256, &d.PublishedAt)
	return d, err
}

// PublishDocument stores a new version; ErrConflict when that version of that
// kind exists. On PostgreSQL a conflict ends the transaction.
func (q *Queries) PublishDocument(ctx context.Context, d Document) error {
	return q.exec(ctx, `INSERT INTO documents (`+documentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d.ID, d.Kind, d.Version, d.Summary, d.Text, d.SHA256, d.PublishedAt)
}

// CurrentDocuments returns the latest version of each kind, rules before terms,
// without Text: every page of the sign-in looks at them, one shows the text.
func (q *Queries) CurrentDocuments(ctx context.Context) ([]Document, error) {
	return all(ctx, q, scanDocument, `SELECT id, kind, version, summary, '', sha256, published_at FROM documents
		WHERE NOT EXISTS (SELECT 1 FROM documents AS newer WHERE newer.kind = documents.kind AND
			(newer.published_at > documents.published_at OR
			(newer.published_at = documents.published_at AND newer.id > documents.id)))
		ORDER BY kind`)
}

// Document returns the document with that id.
func (q *Queries) Document(ctx context.Context, id string) (Document, error) {
	return one(ctx, q, scanDocument, `SELECT `+documentColumns+` FROM documents WHERE id = $1`, id)
}

// DocumentByVersion returns that version of that kind.
func (q *Queries) DocumentByVersion(ctx context.Context, kind, version string) (Document, error) {
	return one(ctx, q, scanDocument, `SELECT `+documentColumns+` FROM documents WHERE kind = $1 AND version = $2`, kind, version)
}

// Documents returns every version of a kind, newest first.
func (q *Queries) Documents(ctx context.Context, kind string) ([]Document, error) {
	return all(ctx, q, scanDocument, `SELECT `+documentColumns+` FROM documents
		WHERE kind = $1 ORDER BY published_at DESC, id DESC`, kind)
}

const acceptanceColumns = `id, user_id, account_id, document_id, kind, version, sha256, accepted_at`

func scanAcceptance(s scanner) (a Acceptance, err error) {
	err = s.Scan(&a.ID, &a.UserID, &a.AccountID, &a.DocumentID, &a.Kind, &a.Version, &a.SHA256, &a.AcceptedAt)
	return a, err
}

// Accept stores a proof. A second acceptance of the same document by the same
// user leaves the first one as it is and is no error.
func (q *Queries) Accept(ctx context.Context, a Acceptance) error {
	return q.exec(ctx, `INSERT INTO acceptances (`+acceptanceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (user_id, document_id) DO NOTHING`,
		a.ID, a.UserID, a.AccountID, a.DocumentID, a.Kind, a.Version, a.SHA256, a.AcceptedAt)
}

// Acceptances returns what the user has accepted, oldest first.
func (q *Queries) Acceptances(ctx context.Context, userID string) ([]Acceptance, error) {
	return all(ctx, q, scanAcceptance, `SELECT `+acceptanceColumns+` FROM acceptances
		WHERE user_id = $1 ORDER BY accepted_at, id`, userID)
}
