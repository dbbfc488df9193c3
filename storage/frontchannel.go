package storage

import "context"

// ClientsOfSession returns the clients that were signed in to in a session,
// unless they are disabled, by name.
func (q *Queries) ClientsOfSession(ctx context.Context, sessionID string) ([]Client, error) {
	return all(ctx, q, scanClient, `SELECT `+clientColumns+` FROM clients
		WHERE disabled_at = 0 AND id IN (SELECT client_id FROM grants WHERE `+ofSession+`) ORDER BY name, id`, sessionID)
}
