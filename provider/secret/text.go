package secret

import "crypto/rand"

// Signs are what people copy from paper or read over the telephone: no vowel,
// so no words; none of O and 0, I, 1 and L, S and 5, B and 8, Z and 2, G and 6.
const Signs = "CDFGHJKMNPQRTVWXY3479"

// RandomText draws n of the signs, each equally likely.
func RandomText(signs string, n int) string {
	limit := 256 - 256%len(signs) // bytes above would favour the first signs
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	for len(out) < n {
		rand.Read(buf) // never fails: the runtime aborts instead
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, signs[int(b)%len(signs)])
			}
		}
	}
	return string(out)
}
