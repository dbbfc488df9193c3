package self

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"loge/provider/account"
	"loge/provider/password"
	"loge/provider/web"
	"loge/storage"
)

// maxUndoLink is the longest link we ever sent: an id, a point and 43 signs.
const maxUndoLink = 100

type undoPage struct {
	Link  string
	Email string // the new one, masked
}

// Undo shows what the link of the mail to a former address does. Looking changes
// nothing, because mail scanners follow links. Nobody needs to be signed in.
func (s *Self) Undo(w http.ResponseWriter, r *http.Request) error {
	link := r.URL.Query().Get("lien")
	undo, _, err := s.undo(r.Context(), link)
	if errors.Is(err, storage.ErrNotFound) {
		return s.undoDead(w, r)
	}
	if err != nil {
		return err
	}
	return s.Pages.Render(w, r, web.View{Template: "emailundo", Data: undoPage{Link: link, Email: account.MaskEmail(undo.NewEmail)}})
}

func (s *Self) undoDead(w http.ResponseWriter, r *http.Request) error {
	return s.Pages.Render(w, r, web.View{Template: "emailundodead", Status: http.StatusGone})
}

// undo finds what a link takes back, and the hash of its secret;
// storage.ErrNotFound when it does not work, whatever the reason.
func (s *Self) undo(ctx context.Context, link string) (undo storage.EmailUndo, hash []byte, err error) {
	id, typed, _ := strings.Cut(link, ".")
	if len(link) > maxUndoLink || uuid.Validate(id) != nil {
		return undo, nil, storage.ErrNotFound
	}
	if undo, err = s.DB.EmailUndo(ctx, id); err != nil {
		return undo, nil, err
	}
	hash = password.HashUndo(s.Master.Derive("changes of the e-mail address"), undo.ID, typed)
	if !password.Equal(hash, undo.Hash) || !undo.UsedAt.IsZero() || storage.At(s.Now()) >= undo.ExpiresAt {
		return undo, nil, storage.ErrNotFound
	}
	return undo, hash, nil
}

// SubmitUndo takes the change back, once.
//
// Whoever changed the address knew the password: it works no longer, every
// session ends and with it what applications hold, and the browsers are strangers
// again. The way in is « Mot de passe oublié », with the address that is back.
func (s *Self) SubmitUndo(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	undo, hash, err := s.undo(r.Context(), form.Get("lien"))
	if err == nil {
		err = s.takeBack(r.Context(), undo.ID, hash, true)
	}
	done := "/adresse-e-mail/annule"
	if errors.Is(err, storage.ErrConflict) { // the agency has given the address to somebody else
		done += "?adresse=prise"
		err = s.takeBack(r.Context(), undo.ID, hash, false)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return s.undoDead(w, r)
	}
	if err != nil {
		return fmt.Errorf("take the change of the address back: %w", err)
	}
	s.Wake()
	web.SeeOther(w, r, done)
	return nil
}

// takeBack does it all in one transaction, the consumption first. Without
// restore the address stays, and only who came in by it is shut out.
func (s *Self) takeBack(ctx context.Context, id string, hash []byte, restore bool) error {
	now := storage.At(s.Now())
	return s.DB.InTx(ctx, func(q *storage.Queries) error {
		undo, err := q.ConsumeEmailUndo(ctx, id, hash, now)
		if err != nil {
			return err
		}
		if restore {
			if err := q.ConfirmEmail(ctx, undo.UserID, undo.Email, undo.EmailKey, now); err != nil {
				return err
			}
		}
		if err := errors.Join(q.DropEmailChange(ctx, undo.UserID, storage.OwnAddress), q.SupersedeOtherProvisionals(ctx, undo.UserID, "", now), q.DisownPassword(ctx, undo.UserID, now)); err != nil {
			return err
		}
		if err := s.Sessions.EndOthers(ctx, q, undo.UserID, ""); err != nil {
			return err
		}
		u, err := q.User(ctx, undo.UserID)
		if err != nil {
			return err
		}
		details := map[string]string{"by": "link", "undo": undo.ID}
		// The double vérification of before is the owner's, and stays; one that is
		// younger than the change would keep him out of his own account.
		if u.FactorSince >= undo.CreatedAt {
			if _, err := q.RemoveFactors(ctx, u.ID); err != nil {
				return err
			}
			details["factors"] = "removed"
		}
		if restore {
			if err := q.Notify(ctx, u, storage.MessageEmailRestored, nil, now); err != nil {
				return err
			}
		} else {
			details["address"] = "somebody else's"
		}
		return q.Audit(ctx, storage.AuditEvent{At: now, Actor: u.ID, Action: "email.restored", Subject: u.ID, Details: details})
	})
}

type undonePage struct{ Taken bool } // the address could not be given back

// Undone says what to do next.
func (s *Self) Undone(w http.ResponseWriter, r *http.Request) error {
	return s.Pages.Render(w, r, web.View{Template: "emailundone", Data: undonePage{Taken: r.URL.Query().Get("adresse") == "prise"}})
}
