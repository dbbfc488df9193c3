package providertest

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"loge/provider"
	"loge/provider/config"
	"loge/provider/operator"
	"loge/provider/password"
	"loge/storage"
	"loge/storage/storagetest"
)

// Provider is a running provider.
type Provider struct {
	*provider.Provider
	URL      string // its issuer
	Address  string // where it listens: the issuer, except of a replica or behind an invented proxy
	Database string // for storage.Open
	Clock    *Clock
	Operator *operator.Operator
	Mails    string // folder of the .eml files
	Logged   *Log

	t testing.TB
}

// Options choose how a provider runs; the zero value is one of its own on SQLite.
type Options struct {
	Database string // for storage.Open; "" = a new SQLite file
	Change   func(*config.Config)
	Hasher   *password.Hasher // nil: Cheap
	Clock    *Clock           // nil: a new one, at the present second
}

// Cheap is the hasher of tests: real Argon2id, the least memory.
func Cheap() *password.Hasher {
	return password.NewHasher(4, password.Params{Memory: 64, Time: 1, Threads: 1})
}

// New runs a provider on SQLite, with the two documents published.
func New(t testing.TB) *Provider {
	t.Helper()
	return Start(t, Options{})
}

// NewOn runs a provider on the database at url.
func NewOn(t testing.TB, url string) *Provider {
	t.Helper()
	return Start(t, Options{Database: url})
}

// Replica runs a second provider beside p: same database, settings and clock,
// another address to reach it.
func (p *Provider) Replica() *Provider {
	p.t.Helper()
	return Start(p.t, Options{Database: p.Database, Clock: p.Clock, Change: func(c *config.Config) { *c = p.Config }})
}

// Start runs a provider, with the two documents published.
func Start(t testing.TB, opts Options) *Provider {
	t.Helper()
	if opts.Database == "" {
		opts.Database = "sqlite:" + prepared(t)
	}
	if opts.Hasher == nil {
		opts.Hasher = Cheap()
	}
	if opts.Clock == nil {
		opts.Clock = &Clock{now: time.Now().UTC().Truncate(time.Second)}
	}
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	cfg := Settings(address, t.TempDir())
	if opts.Change != nil {
		opts.Change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	db := storagetest.OpenURL(t, opts.Database)
	logged := &Log{}
	log := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p, err := provider.New(t.Context(), cfg, db, log, provider.Options{Now: opts.Clock.Now, Hasher: opts.Hasher})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = p.Handler()
	server.Config.MaxHeaderBytes = 32 << 10
	server.Start()
	t.Cleanup(server.Close)
	tested := &Provider{Provider: p, URL: cfg.Issuer, Address: address, Database: opts.Database, Clock: opts.Clock,
		Mails: cfg.Mail.Directory, Logged: logged, t: t, Operator: &operator.Operator{DB: db, Now: opts.Clock.Now, Actor: "agent:test"}}
	tested.Publish("rules", "1", "# Règles d’usage\n\n1. Votre mot de passe est personnel.\n")
	tested.Publish("terms", "1", "# Conditions d’utilisation\n\nLe service est gratuit.\n")
	return tested
}

// Settings are valid settings of an invented agency.
func Settings(issuer, mails string) config.Config {
	cfg := config.Default()
	cfg.Issuer = issuer
	cfg.Listen = "127.0.0.1:0"
	cfg.Database = "sqlite:unused"
	cfg.Secret = config.Secret(strings.Repeat("test secret ", 4))
	cfg.Mail.From = "ne-pas-repondre@agence.example"
	cfg.Mail.Directory = mails
	cfg.Mail.Separation = 0
	cfg.Letters.Separation = 0
	cfg.Letters.Sender = []string{"Agence de Valmont", "1 place du Marché", "69000 VALMONT"}
	cfg.Letters.Place = "Valmont"
	cfg.Service.Name = "Espace bailleur"
	cfg.Service.AccountName = "Mon Compte Partenaire"
	cfg.Service.Operator = "l’agence de Valmont"
	cfg.Service.Support = config.Support{Mail: "aide@agence.example", Phone: "01 23 45 67 89", Hours: "du lundi au vendredi, de 9 h à 17 h"}
	return cfg
}

// Publish publishes a version of the rules or the terms.
func (p *Provider) Publish(kind, version, text string) storage.Document {
	p.t.Helper()
	d, err := p.Operator.PublishDocument(context.Background(), operator.NewDocument{Kind: kind, Version: version, Text: text, Summary: "quelques phrases plus claires"})
	if err != nil && !errors.Is(err, operator.ErrPublished) {
		p.t.Fatal(err)
	}
	return d
}

// Import imports accounts from rows of a file with the standard header.
func (p *Provider) Import(rows ...string) operator.Report {
	p.t.Helper()
	file := "numero_utilisateur;type;departement;raison_sociale;siret;civilite;prenom;nom;email;adresse_1;adresse_2;adresse_3;adresse_4;adresse_5;adresse_6;identifiant\n" +
		strings.Join(rows, "\n") + "\n"
	report, err := p.Operator.Import(context.Background(), strings.NewReader(file), operator.ImportOptions{Name: "test.csv"})
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

// Browser returns a fresh browser.
func (p *Provider) Browser() *Browser { p.t.Helper(); return NewBrowser(p.t) }

// Deliver answers every request for help and sends every mail that is due.
func (p *Provider) Deliver() {
	p.t.Helper()
	if _, err := p.Help(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.Delivery.Run(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}
