package operator

import (
	"context"
	"errors"
	"fmt"
	"os"

	"loge/provider/config"
	"loge/provider/mail"
	"loge/provider/secret"
	"loge/storage"
)

// Finding is one line of a check.
type Finding struct {
	Subject string `json:"subject"` // what was looked at, one word
	OK      bool   `json:"ok"`
	Text    string `json:"text"` // what is the case, and what to do about a problem
}

// Check looks at everything that serving needs and changes nothing: database,
// signing keys, documents, mail. It waits for the mail relay at most as long as
// mail.smtp.timeout says. The settings themselves are valid already.
func Check(ctx context.Context, cfg config.Config, db *storage.DB) []Finding {
	database := checkDatabase(ctx, db)
	if !database.OK {
		return []Finding{database, checkMail(ctx, cfg.Mail)}
	}
	return []Finding{
		database,
		checkKeys(ctx, cfg.Secret, db),
		checkDocument(ctx, db, storage.Rules),
		checkDocument(ctx, db, storage.Terms),
		checkClients(ctx, db),
		checkMail(ctx, cfg.Mail),
	}
}

func good(subject, format string, args ...any) Finding {
	return Finding{Subject: subject, OK: true, Text: fmt.Sprintf(format, args...)}
}

func problem(subject, format string, args ...any) Finding {
	return Finding{Subject: subject, Text: fmt.Sprintf(format, args...)}
}

func checkDatabase(ctx context.Context, db *storage.DB) Finding {
	const subject = "database"
	pending, err := db.Pending(ctx)
	switch {
	case err != nil:
		return problem(subject, "%v", err)
	case pending:
		return problem(subject, "not up to date: run loge migrate")
	}
	if err := db.Ping(ctx); err != nil {
		return problem(subject, "%v", err)
	}
	return good(subject, "reachable and up to date")
}

// checkKeys opens every signing key with the master secret.
func checkKeys(ctx context.Context, master config.Secret, db *storage.DB) Finding {
	const subject = "secret"
	if master == "" {
		return good(subject, "made by the first loge serve")
	}
	m, err := secret.NewMaster([]byte(master.Reveal()))
	if err != nil {
		return problem(subject, "%v", err)
	}
	box, err := secret.NewBox(m.Derive("signing keys"))
	if err != nil {
		return problem(subject, "%v", err)
	}
	keys, err := db.SigningKeys(ctx)
	if err != nil {
		return problem(subject, "load signing keys: %v", err)
	}
	for _, k := range keys {
		if _, err := box.Open(k.Sealed, "signing_keys/"+k.KID); err != nil {
			return problem(subject, "signing key %s: %v: give back the secret this database was made with", k.KID, err)
		}
	}
	if len(keys) == 0 {
		return good(subject, "no signing keys yet: the first loge serve makes them")
	}
	return good(subject, "opens %d signing keys", len(keys))
}

func checkDocument(ctx context.Context, db *storage.DB, kind string) Finding {
	documents, err := db.CurrentDocuments(ctx)
	if err != nil {
		return problem(kind, "load documents: %v", err)
	}
	for _, d := range documents {
		if d.Kind == kind {
			return good(kind, "version %s of %s", d.Version, d.PublishedAt.Time().Format("2006-01-02"))
		}
	}
	return problem(kind, "no text published: run loge document publish %s FILE", kind)
}

// checkClients never finds a problem: accounts may be opened before the first
// partner is there.
func checkClients(ctx context.Context, db *storage.DB) Finding {
	const subject = "clients"
	clients, err := db.Clients(ctx)
	if err != nil {
		return problem(subject, "load clients: %v", err)
	}
	active := 0
	for _, c := range clients {
		if c.DisabledAt.IsZero() {
			active++
		}
	}
	if active == 0 {
		return good(subject, "none yet: register one with loge client add")
	}
	return good(subject, "%d registered", active)
}

func checkMail(ctx context.Context, m config.Mail) Finding {
	const subject = "mail"
	if m.Directory != "" {
		return checkDirectory(subject, m.Directory)
	}
	if err := (&mail.SMTP{Config: m.SMTP}).Check(ctx); err != nil {
		return problem(subject, "%s:%d: %v", m.SMTP.Host, m.SMTP.Port, err)
	}
	return good(subject, "%s:%d answers", m.SMTP.Host, m.SMTP.Port)
}

// checkDirectory tries to write there: permission bits do not tell.
func checkDirectory(subject, dir string) Finding {
	file, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		if _, missing := os.Stat(dir); errors.Is(missing, os.ErrNotExist) {
			return good(subject, "written to %s, made by the first mail", dir)
		}
		return problem(subject, "cannot write to %s: %v", dir, err)
	}
	if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
		return problem(subject, "cannot write to %s: %v", dir, err)
	}
	return good(subject, "written to %s", dir)
}
