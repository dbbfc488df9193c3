package oauth

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// attributeTypes are the short names of attributes (RFC 4514 §3 and the names
// that OpenSSL prints); others are written as their number.
var attributeTypes = map[string]string{
	"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "STREET": "2.5.4.9",
	"O": "2.5.4.10", "OU": "2.5.4.11", "T": "2.5.4.12", "POSTALCODE": "2.5.4.17", "GN": "2.5.4.42", "ORGANIZATIONIDENTIFIER": "2.5.4.97",
	"UID": "0.9.2342.19200300.100.1.1", "DC": "0.9.2342.19200300.100.1.25", "E": "1.2.840.113549.1.9.1", "EMAILADDRESS": "1.2.840.113549.1.9.1",
}

var errDN = errors.New("not a distinguished name as in RFC 4514")

// parseDN reads a distinguished name (RFC 4514) into its normal form: one text
// per RDN, the last first as it is written, types as numbers, the parts of an
// RDN in order. Values stay as they are, capitals too.
func parseDN(text string) ([]string, error) {
	var names, parts []string
	for rest := text; ; {
		kind, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, errDN
		}
		kind = strings.ToUpper(strings.TrimSpace(kind))
		if number, known := attributeTypes[kind]; known {
			kind = number
		} else if kind == "" || strings.Trim(kind, "0123456789.") != "" {
			return nil, fmt.Errorf("%w: the attribute %q is unknown, write its number", errDN, kind)
		}
		value, end, remaining, err := dnValue(strings.TrimLeft(after, " "))
		if err != nil {
			return nil, err
		}
		parts = append(parts, part(kind, value))
		if end != '+' {
			names, parts = append(names, rdn(parts)), nil
		}
		if end == 0 {
			return names, nil
		}
		rest = remaining
	}
}

// dnValue reads a value up to an unescaped comma or plus, or to the end, and
// tells which (0 for the end).
func dnValue(text string) (value string, end byte, rest string, err error) {
	if strings.HasPrefix(text, "#") || strings.HasPrefix(text, `"`) {
		return "", 0, "", fmt.Errorf("%w: hexadecimal and quoted values are not supported", errDN)
	}
	var out []byte
	solid := 0 // the bytes that trailing blanks do not belong to
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ',' || c == '+':
			return decodedValue(out[:solid], c, text[i+1:])
		case c == '\\':
			if i+1 < len(text) && strings.IndexByte(` "#+,;<=>\`, text[i+1]) >= 0 {
				out = append(out, text[i+1])
				i++
			} else if b, err := hex.DecodeString(text[min(i+1, len(text)):min(i+3, len(text))]); err == nil && len(b) == 1 {
				out = append(out, b[0])
				i += 2
			} else {
				return "", 0, "", errDN
			}
			solid = len(out)
		case c == '"' || c == ';' || c == '<' || c == '>' || c == 0:
			return "", 0, "", errDN
		default:
			if out = append(out, c); c != ' ' {
				solid = len(out)
			}
		}
	}
	return decodedValue(out[:solid], 0, "")
}

func decodedValue(value []byte, end byte, rest string) (string, byte, string, error) {
	if !utf8.Valid(value) || end != 0 && rest == "" {
		return "", 0, "", errDN
	}
	return string(value), end, rest, nil
}

func part(kind, value string) string { return fmt.Sprintf("%s=%q", kind, value) }

func rdn(parts []string) string {
	slices.Sort(parts)
	return strings.Join(parts, "+")
}

// subjectOf is the subject of a certificate as parseDN writes it, from its own
// bytes. A value that is no text fits nothing.
func subjectOf(c *x509.Certificate) (names []string) {
	var subject pkix.RDNSequence
	if rest, err := asn1.Unmarshal(c.RawSubject, &subject); err != nil || len(rest) > 0 {
		return nil
	}
	for _, set := range subject {
		var parts []string
		for _, attribute := range set {
			value, ok := attribute.Value.(string)
			if !ok {
				return nil
			}
			parts = append(parts, part(attribute.Type.String(), value))
		}
		names = append(names, rdn(parts))
	}
	slices.Reverse(names)
	return names
}
