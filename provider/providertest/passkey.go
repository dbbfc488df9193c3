package providertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
)

// Passkey is a device that answers what pages ask of it (WebAuthn), as a
// browser's script would send it. Its members may be changed, to answer what a
// browser never would.
type Passkey struct {
	Origin string
	RPID   string
	Count  uint32 // of signatures; 0 counts nothing
	Flags  byte   // present, verified, may be copied, is copied

	id  []byte
	key *ecdsa.PrivateKey
}

const (
	flagsUsual    = 0x01 | 0x04 | 0x08 | 0x10
	flagsWithData = 0x40
)

// NewPasskey returns a device for the site at that address.
func NewPasskey(t testing.TB, origin string) *Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(origin, "http://"), "https://"), ":")
	return &Passkey{Origin: origin, RPID: host, Flags: flagsUsual, id: []byte(rand.Text()), key: key}
}

// Asked reads the question that the page puts to passkeys.
func (p *Page) Asked() (challenge string) {
	p.browser.t.Helper()
	var options struct {
		Challenge string `json:"challenge"`
	}
	text := p.Find("form[data-passkey]").AttrOr("data-options", "")
	if err := json.Unmarshal([]byte(text), &options); err != nil || options.Challenge == "" {
		p.browser.t.Fatalf("%s asks no passkey: %v\n%s", p.URL, err, p.Find("main").Text())
	}
	return options.Challenge
}

// Create answers a question for a new key.
func (k *Passkey) Create(challenge string) string {
	point, err := k.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		panic(err)
	}
	data := append(k.head(k.Flags|flagsWithData), make([]byte, 16)...) // no model is told
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(data, k.id...)
	data = append(data, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"+string(point[1:33])+"\x22\x58\x20"+string(point[33:])...) // COSE, ES256
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59")
	object = append(binary.BigEndian.AppendUint16(object, uint16(len(data))), data...)
	return k.answer(map[string]any{"clientDataJSON": b64(k.client("webauthn.create", challenge)), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// Get answers a question for the key.
func (k *Passkey) Get(challenge string) string {
	data, client := k.head(k.Flags), k.client("webauthn.get", challenge)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(data, sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		panic(err)
	}
	return k.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)})
}

func (k *Passkey) head(flags byte) []byte {
	sum := sha256.Sum256([]byte(k.RPID))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), k.Count)
}

func (k *Passkey) client(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return text
}

func (k *Passkey) answer(response map[string]any) string {
	text, err := json.Marshal(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
