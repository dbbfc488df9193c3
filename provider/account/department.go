package account

import (
	"errors"
	"strconv"
)

// ErrDepartment says that a text is not the code of a département.
var ErrDepartment = errors.New("département is not 01 to 95, 2A, 2B, 971 to 978 or 980 to 989")

// NormalizeDepartment returns the code of a département: 01 to 95, 2A and 2B
// for Corsica (20 no longer exists), 971 to 978 and 980 to 989 overseas. A single
// digit gets back the zero that spreadsheets take away.
func NormalizeDepartment(s string) (string, error) {
	s = upper(squeeze(s))
	if s == "2A" || s == "2B" {
		return s, nil
	}
	if len(s) == 1 {
		s = "0" + s
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", ErrDepartment
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return "", ErrDepartment
	}
	mainland := len(s) == 2 && n >= 1 && n <= 95 && n != 20
	overseas := len(s) == 3 && (n >= 971 && n <= 978 || n >= 980 && n <= 989)
	if !mainland && !overseas {
		return "", ErrDepartment
	}
	return s, nil
}
