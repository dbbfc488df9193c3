package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// clientSecretV1 marks the SHA-256 of a generated secret. Such a secret has
// 256 random bits: nothing is gained by a slow hash, and the token endpoint
// stays fast.
const clientSecretV1 = 1

// NewClientSecret generates a client's secret, 43 characters that need no
// escaping, and what is stored of it.
func NewClientSecret() (plain string, hash []byte) {
	plain = base64.RawURLEncoding.EncodeToString(Random(32))
	return plain, HashClientSecret(plain)
}

// HashClientSecret returns what is stored of a generated secret. It is not for
// passwords that people choose.
func HashClientSecret(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return append([]byte{clientSecretV1}, sum[:]...)
}

// ClientSecretMatches compares in constant time. An empty or unknown hash, as
// a public or an unknown client has, costs the same and never matches.
func ClientSecretMatches(hash []byte, plain string) bool {
	got := HashClientSecret(plain)
	known := len(hash) == len(got) && hash[0] == clientSecretV1
	if !known {
		hash = make([]byte, len(got))
	}
	return subtle.ConstantTimeCompare(hash, got) == 1 && known
}
