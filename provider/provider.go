package provider

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"loge/provider/config"
	"loge/provider/delivery"
	"loge/provider/letter"
	"loge/provider/mail"
	"loge/provider/oauth"
	"loge/provider/organisation"
	"loge/provider/outbound"
	"loge/provider/password"
	"loge/provider/recovery"
	"loge/provider/secondfactor"
	"loge/provider/secret"
	"loge/provider/self"
	"loge/provider/session"
	"loge/provider/signin"
	"loge/provider/telemetry"
	"loge/provider/terms"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
	"loge/templates"
)

// Provider is the whole identity provider, ready to serve.
type Provider struct {
	Config    config.Config
	DB        *storage.DB
	Log       *slog.Logger
	Now       func() time.Time
	Delivery  *delivery.Delivery
	Telemetry *telemetry.Metrics

	pages        *web.Pages
	oauth        *oauth.Provider
	signin       *signin.Signin
	recovery     *recovery.Recovery
	self         *self.Self
	secondfactor *secondfactor.SecondFactor
	organisation *organisation.Organisation
	notices      notices
	cookies      cookieNames
	router       *mux.Router
	handler      http.Handler
}

// Options are what a test chooses; the zero value is what serves.
type Options struct {
	Now    func() time.Time // nil: time.Now
	Hasher *password.Hasher // nil: Argon2id as config.Security says
}

// New builds every part. The settings have been validated and the database has
// been migrated; the signing keys are made here when there are none yet. From
// now on what db stores is counted here.
func New(ctx context.Context, cfg config.Config, db *storage.DB, log *slog.Logger, opts Options) (*Provider, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Hasher == nil {
		opts.Hasher = password.NewHasher(cfg.Security.HashConcurrency, password.Default)
	}
	master, err := secret.NewMaster([]byte(cfg.Secret.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	p := &Provider{Config: cfg, DB: db, Log: log, Now: opts.Now}
	p.Telemetry = telemetry.New(telemetry.Sources{DB: db, Passwords: opts.Hasher.Load, Now: opts.Now, Log: log})
	db.Audited = p.Telemetry.Audited
	if p.notices, err = readNotices(cfg.Service); err != nil {
		return nil, err
	}
	texts, err := text.Load(templates.Files())
	if err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	if p.pages, err = web.NewPages(texts, cfg.Service, cfg.Issuer, log); err != nil {
		return nil, err
	}
	if p.Delivery, err = newDelivery(cfg, db, log, opts.Now, texts, master); err != nil {
		return nil, err
	}
	sessions := session.New(master, db, cfg.Sessions.Idle, cfg.Sessions.Absolute, strings.HasPrefix(cfg.Issuer, "https://"), opts.Now)
	sessions.EndsOffline = cfg.Sessions.SignOutEndsOffline
	p.cookies.Session, p.cookies.Flow, p.cookies.Device = sessions.CookieNames()
	var list *password.List
	if file := cfg.Security.PasswordListFile; file != "" {
		if list, err = password.ReadList(file); err != nil {
			return nil, fmt.Errorf("security.password_list_file: %w", err)
		}
		log.Info("list of refused passwords read", "file", file, "passwords", list.Len(), "bytes", list.Bytes())
	}
	p.signin = &signin.Signin{DB: db, Sessions: sessions, Pages: p.pages, Hasher: opts.Hasher, Master: master, Issuer: cfg.Issuer, Service: cfg.Service,
		Security: cfg.Security, TrustedProxies: cfg.TrustedProxies, PasswordList: list, Now: opts.Now, OwnPage: p.ownPage, Wake: p.wake}
	p.recovery = &recovery.Recovery{DB: db, Sessions: sessions, Pages: p.pages, Hasher: opts.Hasher, Master: master, Service: cfg.Service,
		Security: cfg.Security, TrustedProxies: cfg.TrustedProxies, PasswordList: list, Now: opts.Now, Log: log, Wake: p.wake}
	p.self = &self.Self{DB: db, Sessions: sessions, Pages: p.pages, Hasher: opts.Hasher, Master: master, Service: cfg.Service,
		Security: cfg.Security, TrustedProxies: cfg.TrustedProxies, PasswordList: list, Now: opts.Now, OwnPage: p.ownPage, Wake: p.wake}
	if p.secondfactor, err = secondfactor.New(secondfactor.SecondFactor{DB: db, Sessions: sessions, Pages: p.pages, Master: master, Issuer: cfg.Issuer,
		Service: cfg.Service, Security: cfg.Security, TrustedProxies: cfg.TrustedProxies, Now: opts.Now, Wake: p.wake, Onward: p.signin.Onward}); err != nil {
		return nil, err
	}
	p.organisation = &organisation.Organisation{DB: db, Sessions: sessions, Pages: p.pages, Security: cfg.Security, Master: master,
		Organisations: cfg.Organisations, Retention: cfg.Retention, Now: opts.Now, Wake: p.wake}
	p.oauth = &oauth.Provider{DB: db, Sessions: sessions, Pages: p.pages, Issuer: cfg.Issuer, Master: master,
		Lifetimes: Lifetimes(cfg.Security), RequirePAR: cfg.Security.RequirePAR, RequireDPoPNonce: cfg.Security.DPoPNonce == config.NonceRequired,
		Now: opts.Now, Log: log, Pending: p.signin.Pending, TrustedProxies: cfg.TrustedProxies,
		Outbound: Outbound(cfg)}
	if cfg.ClientCertificates.Asked() {
		p.oauth.Certificates, p.oauth.CertificateAddress = p.certificateOf, cfg.ClientCertificates.Address
		if p.oauth.ClientCAs, err = readAuthorities(cfg.ClientCertificates.CAFile); err != nil {
			return nil, err
		}
	}
	if err := p.oauth.Start(ctx); err != nil {
		return nil, err
	}
	p.handler, err = p.routes()
	return p, err
}

// Outbound asks at addresses that applications name, as far as the settings let
// it; for the commands that register them too.
func Outbound(cfg config.Config) *http.Client {
	return outbound.New(outbound.Options{Allowed: cfg.Security.AllowedNetworks, Loopback: strings.HasPrefix(cfg.Issuer, "http://")})
}

// Lifetimes are the settings of what is issued, for the commands that change
// keys too.
func Lifetimes(s config.Security) oauth.Lifetimes {
	return oauth.Lifetimes{AccessToken: s.AccessToken, IDToken: s.IDToken, Flow: s.SignInRequest, RefreshIdle: s.RefreshToken.Idle,
		RefreshAbsolute: s.RefreshToken.Absolute, RefreshGrace: s.RefreshToken.Grace, KeyRotation: s.KeyRotation}
}

// Handler answers every request; Run serves it.
func (p *Provider) Handler() http.Handler { return p.handler }

// NewDelivery builds the part that sends and prints by itself, for the command
// that prints letters.
func NewDelivery(cfg config.Config, db *storage.DB, log *slog.Logger, now func() time.Time) (*delivery.Delivery, error) {
	master, err := secret.NewMaster([]byte(cfg.Secret.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	texts, err := text.Load(templates.Files())
	if err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	return newDelivery(cfg, db, log, now, texts, master)
}

func newDelivery(cfg config.Config, db *storage.DB, log *slog.Logger, now func() time.Time, texts *text.Catalog, master secret.Master) (*delivery.Delivery, error) {
	composer, err := mail.NewComposer(mail.Composer{Texts: texts, Service: cfg.Service, Issuer: cfg.Issuer, From: cfg.Mail.From, Now: now})
	if err != nil {
		return nil, err
	}
	return delivery.New(delivery.Delivery{DB: db, Composer: composer, Sender: sender(cfg.Mail), Master: master,
		Letters:  letter.Composer{Texts: texts, Service: cfg.Service, Letters: cfg.Letters, Issuer: cfg.Issuer},
		Security: cfg.Security, Separation: cfg.Mail.Separation, Rate: cfg.Mail.Rate,
		LetterSeparation: cfg.Letters.Separation, Files: cfg.Retention.Letters, Now: now, Log: log}), nil
}

func sender(m config.Mail) mail.Sender {
	if m.Directory != "" {
		return &mail.Directory{Path: m.Directory}
	}
	return &mail.SMTP{Config: m.SMTP}
}

// cookieNames are what the page about cookies names.
type cookieNames struct{ Session, Flow, Device string }

// notices are the operator's own texts of two footer pages, rendered; an empty
// one leaves ours.
type notices struct{ legal, privacy any }

func readNotices(s config.Service) (n notices, err error) {
	if n.legal, err = readNotice("service.legal_notice", s.LegalNotice); err != nil {
		return n, err
	}
	n.privacy, err = readNotice("service.privacy_notice", s.PrivacyNotice)
	return n, err
}

// readNotice returns nil, and not an empty text, when there is no file: the
// page's template asks which.
func readNotice(setting, file string) (any, error) {
	if file == "" {
		return nil, nil
	}
	markdown, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	html, err := terms.Render(string(markdown))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return html, nil
}
