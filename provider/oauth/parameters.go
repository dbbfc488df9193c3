package oauth

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxParameterBytes = 64 << 10
	maxParameters     = 100
)

// parameters are those of one request. A parameter without a value counts as
// absent (RFC 6749 §3.1).
type parameters struct {
	values   url.Values
	repeated map[string]bool // sent more than once, which no parameter may be
}

func (p parameters) get(name string) string { return p.values.Get(name) }

// anyRepeated returns one of the repeated names, or "".
func (p parameters) anyRepeated() string {
	for name := range p.repeated {
		return name
	}
	return ""
}

// queryParameters reads the request's query.
func queryParameters(r *http.Request) (parameters, error) { return parseParameters(r.URL.RawQuery) }

// bodyParameters reads an urlencoded body of at most 64 KiB. The query is not
// looked at: credentials and codes do not belong into addresses.
func bodyParameters(w http.ResponseWriter, r *http.Request) (parameters, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return parameters{}, errors.New("the content type is not application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxParameterBytes))
	if err != nil {
		return parameters{}, fmt.Errorf("the body cannot be read or is larger than %d bytes", maxParameterBytes)
	}
	return parseParameters(string(body))
}

func parseParameters(text string) (parameters, error) {
	if len(text) > maxParameterBytes || strings.Count(text, "&") >= maxParameters {
		return parameters{}, errors.New("there are too many parameters")
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return parameters{}, errors.New("the parameters are not urlencoded")
	}
	p := parameters{values: values, repeated: map[string]bool{}}
	for name, all := range values {
		if !clean(name) || !clean(strings.Join(all, "")) {
			return parameters{}, errors.New("the parameters are not UTF-8 text")
		}
		if name == "resource" {
			all = slices.DeleteFunc(all, func(uri string) bool { return uri == "" })
			values[name] = all
		}
		switch {
		case len(all) == 0:
			delete(values, name)
		case len(all) > 1 && name != "resource": // RFC 8707 §2 lets that one repeat
			p.repeated[name] = true
			delete(values, name)
		case all[0] == "":
			delete(values, name)
		}
	}
	return p, nil
}

// clean says whether a database can store the text: PostgreSQL takes neither
// broken UTF-8 nor NUL.
func clean(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
