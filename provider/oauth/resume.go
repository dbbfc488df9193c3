package oauth

import (
	"errors"
	"fmt"
	"net/http"

	"loge/provider/web"
	"loge/storage"
)

// Resume is where the sign-in pages send the browser when nothing is left to
// ask: GET /oauth2/authorize/suite?demande=ID. It trusts none of them: it asks
// Pending again, and finishes the request together with the code's row. A
// request that is unknown, finished or another browser's goes back to the
// sign-in pages, which say so.
func (p *Provider) Resume(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("demande")
	f, err := p.flowOf(r, id)
	if errors.Is(err, storage.ErrNotFound) {
		web.SeeOther(w, r, web.AddressFor(signInPath, id))
		return nil
	}
	if err != nil {
		return err
	}
	if f.Device != "" {
		if err = p.concludeDevice(w, r, f); errors.Is(err, errFinished) {
			web.SeeOther(w, r, web.AddressFor(signInPath, id))
			return nil
		}
		return err
	}
	params, err := parseParameters(f.Request)
	if err != nil {
		return fmt.Errorf("read stored request: %w", err)
	}
	q, err := p.readRequest(r.Context(), params)
	if err != nil {
		return p.fail(w, r, q, err)
	}
	if hash, err := b64.DecodeString(params.get(pushedParameter)); err == nil && len(hash) > 0 {
		q.pushed = hash
	}
	err = p.conclude(w, r, q, f)
	if errors.Is(err, errFinished) {
		web.SeeOther(w, r, web.AddressFor(signInPath, id))
		return nil
	}
	if err != nil {
		return p.fail(w, r, q, err)
	}
	return nil
}

// errFinished says that a flow was finished between our read and our write.
var errFinished = errors.New("authorization request is finished")

func (p *Provider) flowOf(r *http.Request, id string) (storage.Flow, error) {
	browser, ok := p.Sessions.BrowserOf(r)
	if !ok || !clean(id) {
		return storage.Flow{}, storage.ErrNotFound
	}
	f, err := p.DB.FlowOfBrowser(r.Context(), id, browser, storage.At(p.Now()))
	if err != nil {
		return storage.Flow{}, fmt.Errorf("load authorization request: %w", err)
	}
	return f, nil
}

// conclude answers the flow, or goes back to the sign-in pages.
func (p *Provider) conclude(w http.ResponseWriter, r *http.Request, q *request, f storage.Flow) error {
	v, err := p.current(r, q.client.ID)
	if err != nil {
		return err
	}
	if !f.DeniedAt.IsZero() {
		e := refuse("access_denied", "The person refused, or may not use the application.")
		if v != nil && !reaches(v.Session.AMR, q.level()) {
			e = errLevel
		}
		return p.finish(r, q, f, e)
	}
	page, err := p.missing(r.Context(), v, f)
	if err != nil {
		return err
	}
	if page != "" {
		web.SeeOther(w, r, web.AddressFor(page, f.ID))
		return nil
	}
	if e := p.unfit(q, v.Session); e != nil {
		return p.finish(r, q, f, e)
	}
	return p.issue(w, r, q, v.Holder, &f)
}

// finish ends the flow with an error for the client.
func (p *Provider) finish(r *http.Request, q *request, f storage.Flow, e *Error) error {
	ctx := r.Context()
	err := p.DB.InTx(ctx, func(tx *storage.Queries) error {
		if _, err := tx.ConsumeFlow(ctx, f.ID, f.BrowserHash, storage.At(p.Now())); err != nil {
			return err
		}
		return p.answered(q)(ctx, tx)
	})
	if errors.Is(err, storage.ErrNotFound) {
		return errFinished
	}
	if err != nil {
		return fmt.Errorf("finish authorization request: %w", err)
	}
	return e
}
