package signin

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"loge/provider/account"
	"loge/storage"
)

// service is an application that a person may open from here.
type service struct {
	Name      string
	Publisher string
	Purpose   string // its sentence
	Logo      string // our own address of its logo, "" = none
	To        string // where its sign-in starts
}

// services are the applications that the person may open from here, by name.
func (s *Signin) services(ctx context.Context, u storage.User) ([]service, error) {
	mayOpen, err := s.mayOpen(ctx, u)
	if err != nil {
		return nil, err
	}
	clients, err := s.DB.Clients(ctx)
	if err != nil {
		return nil, fmt.Errorf("load applications: %w", err)
	}
	logos, err := s.DB.LogoURIs(ctx)
	if err != nil {
		return nil, fmt.Errorf("load logos: %w", err)
	}
	var list []service
	for _, c := range clients {
		if !mayOpen(c) {
			continue
		}
		one := service{Name: c.Name, Publisher: c.Publisher, Purpose: sentence(c.Purpose), To: startAt(c.Metadata.InitiateLoginURI, s.Issuer)}
		if uri := c.Metadata.LogoURI; uri != "" && logos[c.ID] == uri {
			one.Logo = logoPath(c.ID)
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b service) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, nil
}

// sentence makes one of a purpose, which operators write as the end of one.
func sentence(purpose string) string {
	first, size := utf8.DecodeRuneInString(purpose)
	if size == 0 {
		return ""
	}
	s := string(unicode.ToUpper(first)) + purpose[size:]
	if strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// mayOpen decides which applications the person may open from here, and nothing
// else does: those that are enabled and know how to start a sign-in that comes
// from us (OpenID Connect Core §4). Those that registered themselves are only
// shown to people who have used them, and those with rights to people who hold
// one of them.
func (s *Signin) mayOpen(ctx context.Context, u storage.User) (func(storage.Client) bool, error) {
	consents, err := s.DB.ConsentsOf(ctx, u.ID)
	if err != nil {
		return nil, fmt.Errorf("load consents: %w", err)
	}
	rights, err := s.DB.RightsOf(ctx, u.ID)
	if err != nil {
		return nil, fmt.Errorf("load rights: %w", err)
	}
	closed := func(c storage.Client) bool {
		return slices.ContainsFunc(rights, func(r storage.ClientRights) bool { return r.ClientID == c.ID && !account.MayOpen(u, r.Rights) })
	}
	used := func(c storage.Client) bool {
		return slices.ContainsFunc(consents, func(k storage.Consent) bool { return k.ClientID == c.ID })
	}
	return func(c storage.Client) bool {
		return c.DisabledAt.IsZero() && c.Metadata.InitiateLoginURI != "" && !closed(c) && (len(c.RegistrationHash) == 0 || used(c))
	}, nil
}

// startAt adds who asks to an application's address. No login_hint: the person
// is signed in here, and the address may end up in logs.
func startAt(address, issuer string) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + "iss=" + url.QueryEscape(issuer)
}
