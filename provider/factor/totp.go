package factor

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"loge/provider/secret"
)

// What every application of codes can do, and the only thing that many can:
// RFC 6238 with SHA-1, six digits and half a minute.
const (
	secretLength = 20 // bytes, as RFC 4226 §4 recommends
	codeLength   = 6
	stepSeconds  = 30
	drift        = 1 // steps before and after that are accepted: clocks differ, people are slow
)

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret draws the secret of an application of codes.
func NewSecret() []byte { return secret.Random(secretLength) }

// Match says of which time step the typed code is, if it is right at that
// moment and of a step after last, the last one used. The caller stores the step
// as used; storage decides when two come at once.
func Match(secret []byte, typed string, last int64, now time.Time) (step int64, ok bool) {
	current := now.Unix() / stepSeconds
	for candidate := current - drift; candidate <= current+drift; candidate++ {
		// All are compared, whichever is right.
		if hmac.Equal([]byte(totp(secret, candidate)), []byte(typed)) && candidate > last && !ok {
			step, ok = candidate, true
		}
	}
	return step, ok
}

// totp is the code of a time step (RFC 6238 §4, RFC 4226 §5.3).
func totp(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// KeyURI is what the square to scan says: the secret, and under which name the
// application lists it.
func KeyURI(secret []byte, service, person string) string {
	// Colons divide the label.
	clean := strings.NewReplacer(":", " ").Replace
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + clean(service) + ":" + clean(person)}
	query := url.Values{"secret": {base32NoPadding.EncodeToString(secret)}, "issuer": {clean(service)}}
	// Applications of codes read %20 as a space, and some take + as it stands.
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String()
}

// KeyText is the secret for who types it, in groups of four.
func KeyText(secret []byte) string { return groups(base32NoPadding.EncodeToString(secret)) }

// groups puts a space after every four characters.
func groups(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
