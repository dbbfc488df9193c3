package main

import "errors"

type backupCmd struct {
	File string `arg:"" help:"Where to write the copy; it must not exist yet."`
}

// Run copies the database while the server goes on.
func (c backupCmd) Run(a *app) (err error) {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Backup(a.ctx, c.File); err != nil {
		return err
	}
	return a.print(map[string]any{"file": c.File}, func() {
		a.say("The database is copied to %s.", c.File)
		a.say("Keep it apart from the master secret (secret_file), which it needs and does not hold.")
	})
}
