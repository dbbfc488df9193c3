package oauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// nonceWindow is how long a DPoP nonce is given out. It is accepted in the
// window after, too: for two to four minutes.
const nonceWindow = 2 * time.Minute

// nonces makes the nonces of DPoP proofs (RFC 9449 §8) from a key and the time,
// so that all replicas agree without storing any.
type nonces []byte

func (n nonces) of(window int64) string {
	h := hmac.New(sha256.New, n)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(window)))
	return b64.EncodeToString(h.Sum(nil))
}

func windowAt(now time.Time) int64 { return now.Unix() / int64(nonceWindow.Seconds()) }

// at is the nonce of that moment.
func (n nonces) at(now time.Time) string { return n.of(windowAt(now)) }

// end is when a nonce stops being accepted; zero when it is not accepted now.
func (n nonces) end(nonce string, now time.Time) time.Time {
	current := windowAt(now)
	for _, window := range []int64{current, current - 1} {
		if hmac.Equal([]byte(nonce), []byte(n.of(window))) {
			return time.Unix((window+2)*int64(nonceWindow.Seconds()), 0)
		}
	}
	return time.Time{}
}
