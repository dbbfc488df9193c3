package self

import (
	"errors"
	"fmt"
	"net/http"

	"loge/provider/session"
	"loge/provider/web"
	"loge/storage"
)

// EndDevice ends the session of one of the person's browsers. A second time
// changes nothing; one's own is ended by signing out.
func (s *Self) EndDevice(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx, id := r.Context(), v.Form.Get("session")
	if id == v.Session.ID {
		web.SeeOther(w, r, "/deconnexion")
		return nil
	}
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := q.EndSessionOf(ctx, v.User.ID, id, storage.At(s.Now())); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "session.ended", map[string]string{"session": id, "reason": "ended from another browser"}))
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		one, err := s.DB.Session(ctx, id)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("load session: %w", err)
		}
		if err != nil || one.UserID != v.User.ID {
			return web.NotFound()
		}
	case err != nil:
		return fmt.Errorf("end session: %w", err)
	default:
		s.Wake() // the applications are told at once
	}
	web.SeeOther(w, r, path+"?fait=appareil")
	return nil
}

// EndOthers ends every session of the person but this one.
func (s *Self) EndOthers(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	ctx := r.Context()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		if err := s.Sessions.EndOthers(ctx, q, v.User.ID, v.Session.ID); err != nil {
			return err
		}
		return q.Audit(ctx, s.event(v, "sessions.ended", map[string]string{"kept": v.Session.ID}))
	})
	if err != nil {
		return fmt.Errorf("end other sessions: %w", err)
	}
	s.Wake()
	web.SeeOther(w, r, path+"?fait=autres")
	return nil
}
