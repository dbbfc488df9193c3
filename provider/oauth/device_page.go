package oauth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"loge/provider/factor"
	"loge/provider/text"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// devicePath is where a person types the code that a device shows. It is short,
// because people copy it from a screen.
const devicePath = "/appareil"

// DevicePage asks for the code: GET. An address that holds the code only fills
// in the field, because the person has to compare it with the device's (RFC 8628
// §3.3.1).
func (p *Provider) DevicePage(w http.ResponseWriter, r *http.Request) error {
	typed := url.Values{}
	if code := readUserCode(r.URL.Query().Get("code")); code != "" {
		typed.Set("code_appareil", showUserCode(code))
	}
	return p.Pages.Render(w, r, web.View{Template: "device", Values: typed})
}

// SubmitDevice takes the code: POST. The person then signs in and is asked like
// anybody who comes from an application, and is asked even when she agreed
// before, because the device may be somebody else's (RFC 8628 §5.4).
func (p *Provider) SubmitDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	refuse := func(status int, key string, vars ...string) error {
		return p.Pages.Render(w, r, web.View{Template: "device", Status: status, Values: form,
			Errors: web.FieldErrors{{Field: "code_appareil", Key: key, Vars: vars}}})
	}
	if form.Get("code_appareil") == "" {
		return refuse(http.StatusUnprocessableEntity, "device.error.missing")
	}
	code := readUserCode(form.Get("code_appareil"))
	d, wait, err := p.typedDevice(r, code)
	switch {
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return refuse(http.StatusTooManyRequests, "device.error.wait", "duree", text.Duration(wait))
	case errors.Is(err, storage.ErrNotFound):
		return refuse(http.StatusUnprocessableEntity, "device.error.wrong")
	case err != nil:
		return fmt.Errorf("find device: %w", err)
	}
	c, err := p.DB.Client(r.Context(), d.ClientID)
	if err != nil {
		return fmt.Errorf("load client of device: %w", err)
	}
	return p.handOver(w, r, storage.Flow{ClientID: d.ClientID, Scopes: d.Scopes, ForceConsent: true, Device: d.Signature, UserCode: showUserCode(code),
		ForceFactor: factor.Asked(c.Metadata.DefaultACRValues) == factor.LevelFactor}, nil, signInPath)
}

// typedDevice finds the device that shows the code. The try is counted before it
// is compared, and given back when it was right; one that a full counter refuses
// has to wait.
func (p *Provider) typedDevice(r *http.Request, code string) (d storage.Device, wait time.Duration, err error) {
	ctx, now := r.Context(), p.Now()
	key := throttle.Keys(p.Master.Derive("throttle")).Address(web.AddressKey(web.ClientAddress(r, p.TrustedProxies)))
	err = p.DB.InTx(ctx, func(q *storage.Queries) error {
		decision, err := throttle.Address(ctx, q, key, now)
		if !decision.Allowed {
			wait = max(decision.Wait, time.Second)
		}
		return err
	})
	if err != nil || wait > 0 {
		return d, wait, err
	}
	if d, err = p.DB.WaitingDevice(ctx, p.userCodeHash(code), storage.At(now)); err != nil {
		return d, 0, err
	}
	return d, 0, p.DB.InTx(ctx, func(q *storage.Queries) error { return throttle.RefundAddress(ctx, q, key) })
}

// deviceDonePage is the data of templates/pages/devicedone.html.
type deviceDonePage struct{ Application string }

// concludeDevice ends the flow of a person who typed a user code: what was
// decided is noted for the device, which learns it at its next question.
func (p *Provider) concludeDevice(w http.ResponseWriter, r *http.Request, f storage.Flow) error {
	c, err := p.clientOf(r.Context(), f.ClientID)
	if err != nil {
		return err
	}
	if !f.DeniedAt.IsZero() {
		return p.refuseDevice(w, r, f, c)
	}
	v, err := p.current(r, c.ID)
	if err != nil {
		return err
	}
	page, err := p.missing(r.Context(), v, f)
	if err != nil {
		return err
	}
	if page != "" {
		web.SeeOther(w, r, web.AddressFor(page, f.ID))
		return nil
	}
	err = p.approveDevice(r.Context(), f, &client{c}, v.Holder)
	if _, ok := errors.AsType[*Error](err); ok { // the account may not be used, or the client was disabled
		return p.refuseDevice(w, r, f, c)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return p.deviceGone(w, r)
	}
	if err != nil {
		return err
	}
	return p.Pages.Render(w, r, web.View{Template: "devicedone", Data: deviceDonePage{Application: c.Name}})
}

// approveDevice makes the grant and gives it to the device, once.
func (p *Provider) approveDevice(ctx context.Context, f storage.Flow, c *client, h storage.Holder) error {
	q := &request{client: c, scopes: words(f.Scopes)}
	if err := p.mayHave(h, q.scopes); err != nil {
		return err
	}
	s := h.Session
	ctx, u := begin(ctx)
	grant := p.newGrant(q, s)
	d, err := p.DB.Device(ctx, f.Device)
	if err != nil {
		return fmt.Errorf("load device: %w", err)
	}
	asked, rec := &record{}, newRecord(s, p.subject(c.Client, s.UserID))
	if d.Session != "" { // empty when it was asked by an earlier version
		if err := asked.decode(d.Session); err != nil {
			return err
		}
	}
	rec.Resources = asked.Resources
	session, err := rec.encode()
	if err != nil {
		return err
	}
	p.finishes(u, f)
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.CreateGrant(ctx, grant) })
	u.write(func(ctx context.Context, q *storage.Queries) error {
		return q.ApproveDevice(ctx, f.Device, grant.ID, session, grant.CreatedAt)
	})
	event := storage.AuditEvent{At: grant.CreatedAt, Actor: s.UserID, Action: "grant.created", Subject: s.UserID,
		Details: map[string]string{"client": c.ID, "grant": grant.ID, "scopes": grant.Scopes, "device": "yes"}}
	u.write(func(ctx context.Context, q *storage.Queries) error { return q.Audit(ctx, event) })
	if err := u.commit(ctx, p.DB); err != nil {
		return fmt.Errorf("approve device: %w", err)
	}
	return nil
}

// refuseDevice tells the device that it gets nothing, and the person that it is
// so.
func (p *Provider) refuseDevice(w http.ResponseWriter, r *http.Request, f storage.Flow, c storage.Client) error {
	ctx, now := r.Context(), storage.At(p.Now())
	err := p.DB.InTx(ctx, func(q *storage.Queries) error {
		if _, err := q.ConsumeFlow(ctx, f.ID, f.BrowserHash, now); errors.Is(err, storage.ErrNotFound) {
			return errFinished
		} else if err != nil {
			return err
		}
		if err := q.DenyDevice(ctx, f.Device, now); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("refuse device: %w", err)
	}
	return p.Pages.Render(w, r, web.View{Template: "devicerefused", Data: deviceDonePage{Application: c.Name}})
}

// deviceGone is for a code that somebody else was faster with, or that expired
// while the person signed in.
func (p *Provider) deviceGone(w http.ResponseWriter, r *http.Request) error {
	return p.Pages.Render(w, r, web.View{Template: "device", Status: http.StatusUnprocessableEntity,
		Errors: web.FieldErrors{{Field: "code_appareil", Key: "device.error.wrong"}}})
}
