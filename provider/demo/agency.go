package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"loge/provider/delivery"
	"loge/provider/letter"
	"loge/provider/operator"
	"loge/storage"
)

//go:embed texts/rules.md
var rulesText string

//go:embed texts/terms.md
var termsText string

// actor is who the journal says did what the agency does here.
const actor = "agent:demonstration"

// agency does what the people of an agency would do at their keyboard.
type agency struct {
	demo     *Demo
	operator *operator.Operator
	delivery *delivery.Delivery
	printed  [][]letter.Letter // what went through the printer in this Print
}

// newAgency puts a printer into delivery that remembers what it prints.
func newAgency(d *Demo, delivery *delivery.Delivery, now func() time.Time) *agency {
	a := &agency{
		demo:     d,
		operator: &operator.Operator{DB: d.DB, Now: now, Actor: actor},
		delivery: delivery,
	}
	delivery.WritePDF = func(w io.Writer, letters []letter.Letter) error {
		a.printed = append(a.printed, letters)
		return letter.WritePDF(w, letters)
	}
	return a
}

// prepare publishes the documents, imports the accounts, registers the partner
// and prints the first letters. Done again, it changes only the partner's
// secret, which nobody wrote down.
func (a *agency) prepare(ctx context.Context) (clientID, secret string, err error) {
	for _, document := range []operator.NewDocument{
		{Kind: storage.Rules, Text: rulesText},
		{Kind: storage.Terms, Text: termsText},
	} {
		if _, err := a.operator.PublishDocument(ctx, document); err != nil && !errors.Is(err, operator.ErrPublished) {
			return "", "", fmt.Errorf("publish %s: %w", document.Kind, err)
		}
	}
	report, err := a.operator.Import(ctx, bytes.NewReader(peopleFile), operator.ImportOptions{
		Name:    "people.csv",
		Refused: func(r operator.Refusal) error { return fmt.Errorf("people.csv: %+v", r) },
	})
	if err != nil {
		return "", "", fmt.Errorf("import %s: %w", report.File, err)
	}
	if clientID, secret, err = a.register(ctx); err != nil {
		return "", "", err
	}
	return clientID, secret, a.print(ctx)
}

// register adds the partner application. It is another client on other ports,
// because a redirect address belongs to its client for good.
func (a *agency) register(ctx context.Context) (clientID, secret string, err error) {
	at, err := url.Parse(a.demo.Partner)
	if err != nil {
		return "", "", fmt.Errorf("register partner: %w", err)
	}
	_, port, err := net.SplitHostPort(at.Host)
	if err != nil {
		return "", "", fmt.Errorf("register partner: %w", err)
	}
	clientID = "loyers-" + port
	if _, err := a.demo.DB.Client(ctx, clientID); err == nil {
		secret, err = a.operator.RenewClientSecret(ctx, clientID)
		return clientID, secret, err
	}
	_, secret, err = a.operator.AddClient(ctx, operator.NewClient{
		ID:           clientID,
		Name:         "Loyers",
		Publisher:    "Coopérative Clés en main",
		Purpose:      "préparer votre déclaration de loyers",
		RedirectURIs: []string{a.demo.Partner + "/retour"},
		Scopes:       partnerScopes,

		PostLogoutRedirectURIs: []string{a.demo.Partner + "/sortie"},
		BackchannelLogoutURI:   a.demo.Partner + "/fin-de-session",
		Metadata:               storage.ClientMetadata{InitiateLoginURI: a.demo.Partner + "/connexion"},
	})
	return clientID, secret, err
}

// work goes to the printer and to the post office every second, until ctx ends.
func (a *agency) work(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		a.delivery.Wake()
		if err := a.print(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (a *agency) mailbox() *mailbox {
	return &mailbox{mails: a.demo.path("mails"), letters: a.demo.path("letters"), partner: a.demo.Partner, db: a.demo.DB}
}
