package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"loge/provider/secret"
	"loge/storage"
)

// The device authorization grant (RFC 8628). A device code waits that long for
// somebody to find the other screen and type; the device asks every pause
// seconds, and that much less often each time it asks too soon (§3.5).
const (
	deviceLifetime = 15 * time.Minute
	devicePause    = 5
)

// userCodeLength signs of secret.Signs: 35 bits, of which an address may try few
// and which work for minutes (§5.1).
const userCodeLength = 8

// userCodeTries bounds the draws of a user code that nobody else has.
const userCodeTries = 5

// deviceResponse is the answer of the device authorization endpoint (§3.2).
type deviceResponse struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	URI        string `json:"verification_uri"`
	URIWith    string `json:"verification_uri_complete"`
	ExpiresIn  int64  `json:"expires_in"` // seconds
	Interval   int64  `json:"interval"`   // seconds
}

// Device is the device authorization endpoint: POST.
func (p *Provider) Device(w http.ResponseWriter, r *http.Request) {
	ctx, u := begin(r.Context())
	response, err := p.awaitPerson(ctx, u, w, r)
	if err != nil {
		p.refuseClient(w, r, "device refused", u, answer(err))
		return
	}
	writeJSON(w, http.StatusOK, response)
}

// awaitPerson checks what the device asks, so that nobody types a code for a
// request that would be refused, and begins the waiting.
func (p *Provider) awaitPerson(ctx context.Context, u *unit, w http.ResponseWriter, r *http.Request) (*deviceResponse, error) {
	params, err := clientForm(w, r)
	if err != nil {
		return nil, err
	}
	if _, err := p.authenticate(ctx, r, params.values); err != nil {
		return nil, err
	}
	if !u.client.MayUse(storage.GrantDevice) {
		return nil, errNoDevices
	}
	q := &request{client: u.client}
	if err := checkScope(q, params); err != nil {
		return nil, err
	}
	wanted, err := p.targetOf(ctx, u.client.Client, params.values["resource"])
	if err != nil {
		return nil, err
	}
	asked, err := (&record{Version: recordVersion, Resources: wanted.resources}).encode()
	if err != nil {
		return nil, err
	}
	code, signature := p.tokens.device.generate()
	now := p.Now()
	row := storage.Device{Signature: signature, ClientID: u.client.ID, Scopes: strings.Join(q.scopes, " "), Pause: devicePause, Session: asked,
		CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(deviceLifetime))}
	userCode, err := p.storeDevice(ctx, row)
	if err != nil {
		return nil, err
	}
	page := p.Issuer + devicePath
	return &deviceResponse{DeviceCode: code, UserCode: userCode, URI: page, URIWith: page + "?" + url.Values{"code": {userCode}}.Encode(),
		ExpiresIn: int64(deviceLifetime.Seconds()), Interval: devicePause}, nil
}

var errNoDevices = refuse("unauthorized_client", "The client is not registered for devices.")

// storeDevice draws user codes until one is free, and returns it as it is shown.
func (p *Provider) storeDevice(ctx context.Context, row storage.Device) (string, error) {
	for range userCodeTries {
		code := secret.RandomText(secret.Signs, userCodeLength)
		row.UserCodeHash = p.userCodeHash(code)
		err := p.DB.InTx(ctx, func(q *storage.Queries) error { return q.CreateDevice(ctx, row) })
		if err == nil {
			return showUserCode(code), nil
		}
		if !errors.Is(err, storage.ErrConflict) {
			return "", fmt.Errorf("store device: %w", err)
		}
	}
	return "", errors.New("store device: no free user code was found")
}

// userCodeHash is what the database has of a user code.
func (p *Provider) userCodeHash(code string) []byte {
	h := hmac.New(sha256.New, p.userCodes)
	h.Write([]byte(code))
	return h.Sum(nil)
}

func showUserCode(code string) string { return code[:userCodeLength/2] + "-" + code[userCodeLength/2:] }

// readUserCode forgives letter case, spaces and hyphens; "" when it cannot be a
// user code.
func readUserCode(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	code := strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, typed))
	if len(code) != userCodeLength || strings.Trim(code, secret.Signs) != "" {
		return ""
	}
	return code
}

// errDeviceCode is the one answer to a device code that gives nothing any more.
var errDeviceCode = refuse("invalid_grant", "The device_code is unknown, used, or of another client.")

// redeemDevice answers the device's question whether somebody has agreed (§3.4,
// §3.5), with tokens at the end. fosite has no part in it.
func (p *Provider) redeemDevice(ctx context.Context, u *unit, r *http.Request, params parameters) (*tokenResponse, error) {
	if _, err := p.authenticate(ctx, r, params.values); err != nil {
		return nil, err
	}
	switch {
	case !u.client.MayUse(storage.GrantDevice):
		return nil, errNoDevices
	case params.get("device_code") == "":
		return nil, refuse("invalid_request", "The device_code is missing.")
	}
	d, err := p.deviceOf(ctx, u.client, params.get("device_code"))
	if err != nil {
		return nil, err
	}
	switch {
	case !d.UsedAt.IsZero():
		return nil, errDeviceCode
	case !d.DeniedAt.IsZero():
		return nil, refuse("access_denied", "The person refused, or may not use the application.")
	case d.ExpiresAt <= storage.At(p.Now()):
		return nil, refuse("expired_token", "Nobody typed the user_code in time: start again.")
	case d.GrantID == "":
		return nil, p.notYet(ctx, d)
	}
	rec := &record{}
	if err := rec.decode(d.Session); err != nil {
		return nil, err
	}
	if err := p.aim(ctx, u, rec.Resources, params); err != nil {
		return nil, err
	}
	return p.giveDevice(ctx, u, d, rec)
}

// deviceOf returns the device of that code. A code that another client shows has
// leaked: nobody will be asked about it any more.
func (p *Provider) deviceOf(ctx context.Context, c *client, code string) (d storage.Device, err error) {
	signature := p.tokens.device.signature(code)
	if signature == "" {
		return d, errDeviceCode
	}
	d, err = p.DB.Device(ctx, signature)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return d, errDeviceCode
	case err != nil:
		return d, fmt.Errorf("load device: %w", err)
	case d.ClientID == c.ID:
		return d, nil
	}
	if err := p.burnDevice(ctx, d, c); err != nil {
		return d, err
	}
	return d, errDeviceCode
}

// burnDevice makes a device code useless that another client shows, with a
// commit of its own.
func (p *Provider) burnDevice(ctx context.Context, d storage.Device, by *client) error {
	now := storage.At(p.Now())
	err := p.DB.InTx(ctx, func(q *storage.Queries) error {
		d, err := q.BurnDevice(ctx, d.Signature, now)
		if err != nil {
			return err
		}
		grant := storage.Grant{} // none, unless a person has agreed
		if d.GrantID != "" {
			if grant, err = q.Grant(ctx, d.GrantID); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return fmt.Errorf("load grant of device: %w", err)
			}
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: "system", Action: "device_code.leaked", Subject: grant.UserID,
			Details: map[string]string{"client": d.ClientID, "shown_by": by.ID, "grant": d.GrantID}})
	})
	return p.store.noted(ctx, err, "device code shown by another client", slog.String("client", d.ClientID), slog.String("shown_by", by.ID))
}

// notYet tells the device to go on waiting, more slowly when it asks too often.
func (p *Provider) notYet(ctx context.Context, d storage.Device) error {
	err := p.DB.InTx(ctx, func(q *storage.Queries) (err error) {
		d, err = q.PollDevice(ctx, d.Signature, d.ClientID, devicePause, storage.At(p.Now()))
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("note device's question: %w", err)
	case d.TooSoon:
		return refuse("slow_down", fmt.Sprintf("Wait %d seconds between two requests.", d.Pause))
	}
	return refuse("authorization_pending", "Nobody has typed the user_code yet.")
}

// giveDevice makes the tokens of a device about which a person has agreed.
func (p *Provider) giveDevice(ctx context.Context, u *unit, d storage.Device, rec *record) (*tokenResponse, error) {
	scopes := words(d.Scopes)
	now := storage.At(p.Now())
	h, err := p.DB.HolderOfSession(ctx, rec.Session, u.client.ID, now)
	if err == nil {
		err = p.mayHave(h, scopes)
	}
	if err != nil {
		return nil, invalidGrant(err)
	}
	u.write(func(ctx context.Context, q *storage.Queries) error {
		return q.ConsumeDevice(ctx, d.Signature, d.ClientID, now)
	})
	access, err := p.newAccessToken(ctx, u, d.GrantID, rec, scopes)
	if err != nil {
		return nil, err
	}
	response := &tokenResponse{AccessToken: access, TokenType: u.proven.tokenType(), ExpiresIn: p.expiresIn(u.client), Scope: d.Scopes}
	if slices.Contains(scopes, offlineAccess) && u.client.MayUse(storage.GrantRefresh) {
		if response.Refresh, err = p.newRefreshToken(u, d.GrantID, d.Scopes, rec); err != nil {
			return nil, err
		}
	}
	if response.IDToken, err = (idTokens{p}).build(ctx, u.client, rec, "", response.AccessToken); err != nil {
		return nil, err
	}
	u.write(p.issued(rec.User, u.client, d.GrantID, storage.GrantDevice))
	if err := u.commit(ctx, p.DB); errors.Is(err, storage.ErrNotFound) {
		return nil, errDeviceCode
	} else if err != nil {
		return nil, fmt.Errorf("store tokens: %w", err)
	}
	return response, nil
}
