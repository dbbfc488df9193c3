package storage

import "context"

// Device is a device authorization (RFC 8628): a device that cannot show a
// sign-in page waits until a person has typed its user code in a browser.
type Device struct {
	Signature    string // of the device code; the code itself is stored nowhere
	UserCodeHash []byte // keyed hash of what the person types
	ClientID     string
	Scopes       string // space list: what was asked
	Pause        int64  // seconds that the device must leave between two questions
	PolledAt     Time   // its last question
	TooSoon      bool   // that one came before the pause was over
	GrantID      string // "" until a person has agreed
	Session      string // as in Code; before a person has agreed, what the device asked for
	DeniedAt     Time
	UsedAt       Time
	CreatedAt    Time
	ExpiresAt    Time
}

const deviceColumns = `signature, user_code_hash, client_id, scopes, pause, polled_at, too_soon, grant_id, session,
	denied_at, used_at, created_at, expires_at`

func scanDevice(s scanner) (d Device, err error) {
	err = s.Scan(&d.Signature, &d.UserCodeHash, &d.ClientID, &d.Scopes, &d.Pause, &d.PolledAt, &d.TooSoon, &d.GrantID, &d.Session,
		&d.DeniedAt, &d.UsedAt, &d.CreatedAt, &d.ExpiresAt)
	return d, err
}

// CreateDevice stores a device that begins to wait; ErrConflict when its user
// code is another one's.
func (q *Queries) CreateDevice(ctx context.Context, d Device) error {
	n, err := q.execCount(ctx, `INSERT INTO device_codes (`+deviceColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		d.Signature, d.UserCodeHash, d.ClientID, d.Scopes, d.Pause, d.PolledAt, d.TooSoon, d.GrantID, d.Session,
		d.DeniedAt, d.UsedAt, d.CreatedAt, d.ExpiresAt)
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

// Device returns the device with that signature, whatever its state. It decides
// nothing.
func (q *Queries) Device(ctx context.Context, signature string) (Device, error) {
	return one(ctx, q, scanDevice, `SELECT `+deviceColumns+` FROM device_codes WHERE signature = $1`, signature)
}

// deviceWaits is a device about which nobody has decided yet.
const deviceWaits = `grant_id = '' AND denied_at = 0 AND used_at = 0`

// WaitingDevice returns the device that waits with that user code; ErrNotFound
// when there is none, or somebody has decided about it.
func (q *Queries) WaitingDevice(ctx context.Context, userCodeHash []byte, now Time) (Device, error) {
	return one(ctx, q, scanDevice, `SELECT `+deviceColumns+` FROM device_codes
		WHERE user_code_hash = $1 AND `+deviceWaits+` AND expires_at > $2`, userCodeHash, now)
}

// PollDevice notes a question of the device, which has to wait longer from then
// on when it comes too soon. A question may be a second early: it travelled.
// ErrNotFound when the code is another client's or unknown.
func (q *Queries) PollDevice(ctx context.Context, signature, clientID string, longer int64, now Time) (Device, error) {
	const early = `polled_at + pause - 1 > CAST($4 AS BIGINT)`
	return one(ctx, q, scanDevice, `UPDATE device_codes SET
		pause = CASE WHEN `+early+` THEN pause + CAST($3 AS BIGINT) ELSE pause END,
		too_soon = CASE WHEN `+early+` THEN TRUE ELSE FALSE END, polled_at = $4
		WHERE signature = $1 AND client_id = $2 RETURNING `+deviceColumns, signature, clientID, longer, now)
}

// ApproveDevice gives the waiting device the grant of the person who agreed,
// once. ErrNotFound when somebody has decided before or it waits no more.
func (q *Queries) ApproveDevice(ctx context.Context, signature, grantID, session string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE device_codes SET grant_id = $2, session = $3
		WHERE signature = $1 AND `+deviceWaits+` AND expires_at > $4 RETURNING signature`, signature, grantID, session, now)
	return err
}

// DenyDevice ends the waiting, once: a person refused. ErrNotFound as in
// ApproveDevice.
func (q *Queries) DenyDevice(ctx context.Context, signature string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE device_codes SET denied_at = $2
		WHERE signature = $1 AND `+deviceWaits+` RETURNING signature`, signature, now)
	return err
}

// BurnDevice makes a device code useless that has leaked, although a person may
// have agreed, and returns it. ErrNotFound when it gives nothing any more.
func (q *Queries) BurnDevice(ctx context.Context, signature string, now Time) (Device, error) {
	return one(ctx, q, scanDevice, `UPDATE device_codes SET denied_at = $2
		WHERE signature = $1 AND denied_at = 0 AND used_at = 0 RETURNING `+deviceColumns, signature, now)
}

// ConsumeDevice redeems a device code about which a person has agreed, once, for
// the client it was issued to. ErrNotFound when somebody was first, it was burnt
// or has expired.
func (q *Queries) ConsumeDevice(ctx context.Context, signature, clientID string, now Time) error {
	_, err := one(ctx, q, scanOne[string], `UPDATE device_codes SET used_at = $3
		WHERE signature = $1 AND client_id = $2 AND grant_id <> '' AND denied_at = 0 AND used_at = 0 AND expires_at > $3 RETURNING signature`, signature, clientID, now)
	return err
}

// PurgeDevices deletes up to limit device codes that expired before then, and
// tells how many.
func (q *Queries) PurgeDevices(ctx context.Context, before Time, limit int) (int64, error) {
	return q.execCount(ctx, `DELETE FROM device_codes WHERE signature IN
		(SELECT signature FROM device_codes WHERE expires_at < $1 LIMIT $2)`, before, limit)
}
