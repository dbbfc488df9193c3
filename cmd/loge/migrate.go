package main

type migrateCmd struct{}

// Run brings the schema up to date; a second time changes nothing.
func (migrateCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return a.print(map[string]any{"database": cfg.Database, "up_to_date": true}, func() {
		a.say("Database %s is up to date.", cfg.Database)
	})
}
