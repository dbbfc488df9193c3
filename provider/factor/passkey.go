package factor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrKey says that what a browser sent proves no passkey. It wraps why.
var ErrKey = errors.New("not a valid proof of a passkey")

// Passkeys runs the two ceremonies of WebAuthn for one address.
type Passkeys struct {
	rp     *webauthn.WebAuthn
	handle []byte // key of the handles
}

// NewPasskeys takes the issuer, and a key from which follows under which opaque
// handle each person is known to the keys. nil without error: browsers know no
// passkeys at this address, which has no host name.
func NewPasskeys(issuer, service string, handle []byte) (*Passkeys, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, fmt.Errorf("read issuer: %w", err)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, nil
	}
	no := false
	rp, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: service, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, RequireResidentKey: &no, // so that telephones carry it over to the next one
			UserVerification: protocol.VerificationDiscouraged,
		},
		// Some browsers and managers of passwords answer what nobody asked.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys: %w", err)
	}
	return &Passkeys{rp: rp, handle: handle}, nil
}

// Key is what is stored of a passkey.
type Key struct {
	ID        []byte   `json:"id"`
	PublicKey []byte   `json:"key"`
	Transport []string `json:"transport,omitempty"`
	Backup    bool     `json:"backup"` // may be copied to other devices
	AAGUID    []byte   `json:"aaguid,omitempty"`
	Count     uint32   `json:"-"` // of its signatures, kept apart: it changes
}

// Credential is the id under which the key calls itself, as text.
func (k Key) Credential() string { return base64.RawURLEncoding.EncodeToString(k.ID) }

// Holder is whose keys a ceremony is about.
type Holder struct {
	UserID string // never shown to a key: an opaque handle is
	Name   string // under which the device lists the key
	Keys   []Key
}

// holder is a Holder as the library wants it.
type holder struct {
	Holder
	handle []byte
}

func (h holder) WebAuthnID() []byte          { return h.handle }
func (h holder) WebAuthnName() string        { return h.Name }
func (h holder) WebAuthnDisplayName() string { return h.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, 0, len(h.Keys))
	for _, k := range h.Keys {
		c := webauthn.Credential{ID: k.ID, PublicKey: k.PublicKey, Flags: webauthn.CredentialFlags{BackupEligible: k.Backup},
			Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: k.Count}}
		for _, t := range k.Transport {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		list = append(list, c)
	}
	return list
}

func (p *Passkeys) holder(h Holder) holder {
	mac := hmac.New(sha256.New, p.handle)
	mac.Write([]byte(h.UserID))
	return holder{h, mac.Sum(nil)}
}

// Ceremony is a question to a key: Options go to the browser, State is kept here
// until the answer comes, once.
type Ceremony struct{ Options, State string }

// Create asks for a new key that is none of the holder's.
func (p *Passkeys) Create(of Holder) (Ceremony, error) {
	h := p.holder(of)
	options, state, err := p.rp.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return ceremony(options.Response, state)
}

// Created reads the answer to Create.
func (p *Passkeys) Created(of Holder, state, answer string) (Key, error) {
	session, err := readState(state)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	c, err := p.rp.CreateCredential(p.holder(of), session, parsed)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	k := Key{ID: c.ID, PublicKey: c.PublicKey, Backup: c.Flags.BackupEligible, AAGUID: c.Authenticator.AAGUID, Count: c.Authenticator.SignCount}
	for _, t := range c.Transport {
		k.Transport = append(k.Transport, string(t))
	}
	return k, nil
}

// Ask asks for one of the holder's keys.
func (p *Passkeys) Ask(of Holder) (Ceremony, error) {
	options, state, err := p.rp.BeginLogin(p.holder(of))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return ceremony(options.Response, state)
}

// Answered reads the answer to Ask: which key it was, with its new count. A
// count that does not rise means that the key was copied, and proves nothing;
// keys that count nothing always say 0.
func (p *Passkeys) Answered(of Holder, state, answer string) (Key, error) {
	session, err := readState(state)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	c, err := p.rp.ValidateLogin(p.holder(of), session, parsed)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if c.Authenticator.CloneWarning {
		return Key{}, fmt.Errorf("%w: its count of signatures does not rise, it may have been copied", ErrKey)
	}
	return Key{ID: c.ID, Count: c.Authenticator.SignCount}, nil
}

func ceremony(options any, state *webauthn.SessionData) (Ceremony, error) {
	asked, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("encode question to a passkey: %w", err)
	}
	kept, err := json.Marshal(state)
	if err != nil {
		return Ceremony{}, fmt.Errorf("encode state of a ceremony: %w", err)
	}
	return Ceremony{Options: string(asked), State: string(kept)}, nil
}

func readState(text string) (webauthn.SessionData, error) {
	var s webauthn.SessionData
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("decode state of a ceremony: %w", err)
	}
	return s, nil
}
