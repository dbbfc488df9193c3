package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"loge/provider"
	"loge/provider/config"
	"loge/provider/operator"
	"loge/storage"
)

// settings loads the settings file with the environment over it.
func (a *app) settings() (config.Config, error) { return config.Load(a.config, os.Environ()) }

// open loads the settings and opens the database for a command that writes.
// Database and master secret come into being here when they do not exist yet,
// readable by their owner alone, and the schema is brought up to date.
func (a *app) open() (config.Config, *storage.DB, error) {
	cfg, err := a.settings()
	if err != nil {
		return cfg, nil, err
	}
	if err := createSQLite(cfg.Database); err != nil {
		return cfg, nil, err
	}
	if cfg.Secret == "" {
		if cfg.Secret, err = config.EnsureSecret(cfg.SecretFile); err != nil {
			return cfg, nil, err
		}
	}
	db, err := storage.Open(a.ctx, cfg.DatabaseURL())
	if err != nil {
		return cfg, nil, err
	}
	if err := db.Migrate(a.ctx); err != nil {
		return cfg, nil, errors.Join(err, db.Close())
	}
	return cfg, db, nil
}

// look opens the database for a command that only reads; it makes nothing.
func (a *app) look() (*storage.DB, error) {
	cfg, err := a.settings()
	if err != nil {
		return nil, err
	}
	if missing, path := noSQLite(cfg.Database); missing {
		return nil, fmt.Errorf("database %s does not exist yet: run loge migrate", path)
	}
	db, err := storage.Open(a.ctx, cfg.DatabaseURL())
	if err != nil {
		return nil, err
	}
	pending, err := db.Pending(a.ctx)
	if err == nil && pending {
		err = errors.New("database is not up to date: run loge migrate")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// operator opens the database and acts in the name of whoever is logged in.
func (a *app) operator() (*operator.Operator, error) {
	cfg, db, err := a.open()
	if err != nil {
		return nil, err
	}
	return &operator.Operator{DB: db, Now: a.now, Actor: actor(), Outbound: provider.Outbound(cfg)}, nil
}

// actor names the person at the console, for the journal.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return "agent:" + u.Username
	}
	return "agent:unknown"
}

// createSQLite makes the database file before SQLite does, which would let the
// group read it. Journal files take over its mode.
func createSQLite(database string) error {
	missing, path := noSQLite(database)
	if !missing {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder of database: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return file.Close()
}

// noSQLite tells whether the database is a SQLite file that does not exist.
func noSQLite(database string) (bool, string) {
	path, ok := strings.CutPrefix(database, "sqlite:")
	if !ok {
		return false, ""
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist), path
}

// print writes what a command found: as JSON, or by text for people.
func (a *app) print(value any, text func()) error {
	if !a.json {
		text()
		return nil
	}
	encoder := json.NewEncoder(a.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// say writes one line for people; what a closed pipe does not take is lost.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.out, format+"\n", args...) }
