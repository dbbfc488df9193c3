package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are the costs of Argon2id (RFC 9106).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8  // lanes
}

var (
	// Default takes 20 to 40 ms on a core of 2024. OWASP has five pairs of memory
	// and passes that cost an attacker as much; of its first two this is the one
	// with less memory, which is what a server runs out of.
	Default = Params{Memory: 19 * 1024, Time: 2, Threads: 1}
)

const (
	saltLength = 16 // bytes; ANSSI R28 asks 128 bits
	hashLength = 32 // bytes
	maxEncoded = 256
)

// ErrHash says that a stored password hash cannot be read.
var ErrHash = errors.New("stored password hash cannot be read")

// stored is a PHC string taken apart.
type stored struct {
	Params
	salt, hash []byte
}

// derive computes Argon2id.
func derive(password string, salt []byte, p Params, length int) []byte {
	return argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, uint32(length))
}

// String writes $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (s stored) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.Memory, s.Time, s.Threads,
		b64.EncodeToString(s.salt), b64.EncodeToString(s.hash))
}

// parse reads a PHC string. Its numbers are bounded, so that a manipulated row
// cannot ask for all the memory of the machine.
func parse(encoded string) (stored, error) {
	parts := strings.Split(encoded, "$")
	if len(encoded) > maxEncoded || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return stored{}, fmt.Errorf("%w: not an Argon2id PHC string", ErrHash)
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return stored{}, fmt.Errorf("%w: not three parameters", ErrHash)
	}
	memory, err1 := cost(costs[0], "m=", 8, 256*1024)
	time, err2 := cost(costs[1], "t=", 1, 10)
	threads, err3 := cost(costs[2], "p=", 1, 4)
	salt, err4 := unbase64(parts[4], 8, 64)
	hash, err5 := unbase64(parts[5], 16, 64)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return stored{}, fmt.Errorf("%w: %w", ErrHash, err)
	}
	return stored{Params{uint32(memory), uint32(time), uint8(threads)}, salt, hash}, nil
}

func cost(s, name string, low, high uint64) (uint64, error) {
	digits, found := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !found || err != nil || n < low || n > high || digits != strconv.FormatUint(n, 10) {
		return 0, fmt.Errorf("parameter %s is not from %d to %d", name, low, high)
	}
	return n, nil
}

func unbase64(s string, low, high int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < low || len(b) > high {
		return nil, fmt.Errorf("value is not %d to %d bytes in base64", low, high)
	}
	return b, nil
}
