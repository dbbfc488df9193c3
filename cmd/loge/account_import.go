package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"loge/provider/operator"
	"loge/storage"
)

type accountImportCmd struct {
	File   string `arg:"" help:"CSV file: UTF-8 or Windows-1252, ; or , between cells, names of the columns in the first row."`
	DryRun bool   `help:"Do everything but write: nothing is changed."`
}

// Run imports the file; see the comment of package main for its exit status.
// The same file may be imported again at any time.
func (c accountImportCmd) Run(a *app) (err error) {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open import file: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file: pipes and folders cannot be imported", c.File)
	}
	db, done, err := c.database(a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()

	office := &operator.Operator{DB: db, Now: a.now, Actor: actor()}
	refusals := operator.NewReportFile(c.File)
	bar := a.progress()
	report, failed := office.Import(a.ctx, file, operator.ImportOptions{Name: filepath.Base(c.File), DryRun: c.DryRun,
		Progress: bar.show, Refused: refusals.Add})
	bar.clear()
	path, unwritten := refusals.Close()
	if err := a.printImport(report, path, failed); err != nil {
		return err
	}
	if errors.Is(failed, context.Canceled) {
		failed = errors.New("interrupted: what is counted above is stored, run the same command again for the rest")
	}
	return errors.Join(failed, unwritten)
}

// database opens the database to write to, or for a dry run one to read:
// where there is none yet, an empty one that goes away again.
func (c accountImportCmd) database(a *app) (db *storage.DB, done func() error, err error) {
	if !c.DryRun {
		_, db, err = a.open()
	} else if cfg, fault := a.settings(); fault != nil {
		return nil, nil, fault
	} else if missing, _ := noSQLite(cfg.Database); missing {
		return emptyDatabase(a.ctx)
	} else {
		db, err = a.look()
	}
	if err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}

func emptyDatabase(ctx context.Context) (*storage.DB, func() error, error) {
	dir, err := os.MkdirTemp("", "loge-dry-run-")
	if err != nil {
		return nil, nil, fmt.Errorf("make empty database: %w", err)
	}
	db, err := storage.Open(ctx, "sqlite:"+filepath.Join(dir, "empty.db"))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	done := func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	if err := db.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return db, done, nil
}

func (a *app) printImport(report operator.Report, path string, failed error) error {
	if failed != nil && report.Created+report.Updated+report.Unchanged+report.Refused == 0 {
		return nil // nothing was read: the error says it all
	}
	value := struct {
		operator.Report
		Complete   bool   `json:"complete"`
		ReportFile string `json:"report_file,omitempty"`
	}{report, failed == nil, path}
	return a.print(value, func() {
		a.say("%s: %s.", report.File, report)
		if path != "" {
			a.say("Refused rows and why: %s\nCorrect them and import the file again; what is in already is not taken twice.", path)
		}
		switch {
		case report.DryRun:
			a.say("This was a dry run: nothing was changed.")
		case report.Created > 0:
			a.say("Next: e-mails leave while loge serve runs; letters are printed by loge letter print --out DIR")
		}
	})
}
