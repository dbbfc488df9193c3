package storage

import "context"

// Logo is a client's picture as it is shown.
type Logo struct {
	ClientID  string
	URI       string // where it was fetched
	Type      string // image/png or image/jpeg
	Image     []byte
	FetchedAt Time
}

// SaveLogo stores a client's logo over the former one.
func (q *Queries) SaveLogo(ctx context.Context, l Logo) error {
	return q.exec(ctx, `INSERT INTO logos (client_id, uri, type, image, fetched_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (client_id) DO UPDATE SET uri = excluded.uri, type = excluded.type, image = excluded.image, fetched_at = excluded.fetched_at`,
		l.ClientID, l.URI, l.Type, l.Image, l.FetchedAt)
}

// LogoOf returns a client's logo.
func (q *Queries) LogoOf(ctx context.Context, clientID string) (Logo, error) {
	return one(ctx, q, func(s scanner) (l Logo, err error) {
		err = s.Scan(&l.ClientID, &l.URI, &l.Type, &l.Image, &l.FetchedAt)
		return l, err
	}, `SELECT client_id, uri, type, image, fetched_at FROM logos WHERE client_id = $1`, clientID)
}

// LogoURI returns where the client's stored logo came from, "" without one.
func (q *Queries) LogoURI(ctx context.Context, clientID string) (string, error) {
	return one(ctx, q, scanOne[string], `SELECT COALESCE((SELECT uri FROM logos WHERE client_id = $1), '')`, clientID)
}

// LogoURIs returns for each client that has one where its stored logo came from.
func (q *Queries) LogoURIs(ctx context.Context) (map[string]string, error) {
	rows, err := all(ctx, q, func(s scanner) (row [2]string, err error) {
		err = s.Scan(&row[0], &row[1])
		return row, err
	}, `SELECT client_id, uri FROM logos`)
	uris := make(map[string]string, len(rows))
	for _, row := range rows {
		uris[row[0]] = row[1]
	}
	return uris, err
}

// DeleteLogo removes a client's logo, if it has one.
func (q *Queries) DeleteLogo(ctx context.Context, clientID string) error {
	return q.exec(ctx, `DELETE FROM logos WHERE client_id = $1`, clientID)
}
