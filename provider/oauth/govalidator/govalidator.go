// Package govalidator is the part of asaskevich/govalidator that fosite calls to
// look at a redirect URI.
package govalidator

import "net/url"

// IsRequestURL tells whether rawurl is an absolute URL.
func IsRequestURL(rawurl string) bool {
	u, err := url.ParseRequestURI(rawurl)
	return err == nil && u.Scheme != ""
}
