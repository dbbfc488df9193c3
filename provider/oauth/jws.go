package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"

	"github.com/go-jose/go-jose/v3"
)

// signer makes JWTs with one key. It writes their compact form (RFC 7515 §7.1)
// itself, because half of what go-jose allocates for an ES256 token goes into
// headers that are always the same. What comes from outside go-jose reads.
type signer struct {
	alg, kid string
	// signature is made of the signing input (RFC 7518 §3, RFC 8037 §3.1).
	signature func(input []byte) ([]byte, error)
}

// newSigner refuses a key that is not for that algorithm.
func newSigner(alg, kid string, private crypto.Signer) (*signer, error) {
	s := &signer{alg: alg, kid: kid}
	rsaKey, isRSA := private.(*rsa.PrivateKey)
	ecKey, isEC := private.(*ecdsa.PrivateKey)
	edKey, isEd := private.(ed25519.PrivateKey)
	switch algorithm := jose.SignatureAlgorithm(alg); {
	case algorithm == jose.RS256 && isRSA:
		s.signature = func(input []byte) ([]byte, error) {
			sum := sha256.Sum256(input)
			return rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, sum[:])
		}
	case algorithm == jose.PS256 && isRSA:
		s.signature = func(input []byte) ([]byte, error) {
			sum := sha256.Sum256(input)
			return rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	case algorithm == jose.ES256 && isEC && ecKey.Curve == elliptic.P256():
		s.signature = func(input []byte) ([]byte, error) {
			sum := sha256.Sum256(input)
			x, y, err := ecdsa.Sign(rand.Reader, ecKey, sum[:])
			if err != nil {
				return nil, err
			}
			both := make([]byte, 64) // each in 32 bytes, not ASN.1
			x.FillBytes(both[:32])
			y.FillBytes(both[32:])
			return both, nil
		}
	case algorithm == jose.EdDSA && isEd:
		s.signature = func(input []byte) ([]byte, error) { return ed25519.Sign(edKey, input), nil }
	default:
		return nil, fmt.Errorf("%T does not sign %q", private, alg)
	}
	return s, nil
}

// sign makes a JWT. Its typ, or its having none, keeps one kind from being taken
// for another (RFC 8725 §3.11).
func (s *signer) sign(typ string, payload []byte) (string, error) {
	header := appendMember(make([]byte, 0, 128), `{"alg":`, s.alg)
	header = appendMember(header, `,"kid":`, s.kid)
	if typ != "" {
		header = appendMember(header, `,"typ":`, typ)
	}
	header = append(header, '}')
	token := b64.AppendEncode(make([]byte, 0, b64.EncodedLen(len(header)+len(payload))+512), header) // room for any signature
	token = b64.AppendEncode(append(token, '.'), payload)
	signature, err := s.signature(token)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	return string(b64.AppendEncode(append(token, '.'), signature)), nil
}
