package config

import (
	"fmt"
	"time"
)

// What « Mot de passe oublié » sends (security.reset).
const (
	ResetPassword = "password" // a provisional password, for one sign-in
	ResetLink     = "link"     // a link at which a password is chosen, once
)

// limits checks what is a number or a length of time.
func (c *Config) limits(f *faults) {
	s := c.Security
	between(f, "security.password_minimum", s.PasswordMinimum, 12, 64)
	between(f, "security.administrator_minimum", s.AdminMinimum, 16, 64)
	between(f, "security.max_administrators", s.MaxAdministrators, 1, 20)
	between(f, "security.hash_concurrency", s.HashConcurrency, 0, 1024)
	between(f, "security.max_failures_per_day", s.MaxFailuresPerDay, 5, 25)
	positive(f, "security.provisional_by_email", s.ProvisionalByEmail)
	positive(f, "security.provisional_by_letter", s.ProvisionalByLetter)
	if s.Reset != ResetPassword && s.Reset != ResetLink {
		f.add("security.reset", "must be %s or %s", ResetPassword, ResetLink)
	}
	if s.ResetValidity < time.Hour || s.ResetValidity > day {
		f.add("security.reset_validity", "must be from 1h to 24h: the CNIL allows a day at most for a reset that nobody looks at")
	}
	positive(f, "security.email_code", s.EmailCode)
	positive(f, "security.sign_in_request", s.SignInRequest)
	positive(f, "security.access_token", s.AccessToken)
	positive(f, "security.id_token", s.IDToken)
	positive(f, "security.refresh_token.idle", s.RefreshToken.Idle)
	positive(f, "security.refresh_token.absolute", s.RefreshToken.Absolute)
	if s.RefreshToken.Idle > s.RefreshToken.Absolute {
		f.add("security.refresh_token.idle", "must not be longer than security.refresh_token.absolute")
	}
	if s.RefreshToken.Grace < 0 || s.RefreshToken.Grace > 5*time.Minute {
		f.add("security.refresh_token.grace", "must be from 0s to 5m: whoever steals a used token can use it that long")
	}
	if s.KeyRotation < 7*day || s.KeyRotation > 397*day {
		f.add("security.key_rotation", "must be from 168h (7 days) to 9528h (397 days), for example 2160h")
	}
	if s.DPoPNonce != NonceOptional && s.DPoPNonce != NonceRequired {
		f.add("security.dpop_nonce", "is %q: it must be optional or required", s.DPoPNonce)
	}
	for i, prefix := range s.AllowedNetworks {
		if prefix.Bits() == 0 {
			f.add(fmt.Sprintf("security.allowed_networks[%d]", i), "%s is everything, this machine included: name the network of the application", prefix)
		}
	}
	between(f, "organisations.people", c.Organisations.People, 1, 10000)
	if r := c.Organisations.Review; r != 0 && r < 30*day {
		f.add("organisations.review", "must be 0s, for never, or 720h (30 days) or more")
	}
	positive(f, "sessions.idle", c.Sessions.Idle)
	positive(f, "sessions.absolute", c.Sessions.Absolute)
	if c.Sessions.Idle > c.Sessions.Absolute {
		f.add("sessions.idle", "must not be longer than sessions.absolute")
	}
	if r := c.Retention.Inactive; r != 0 && r < 90*day {
		f.add("retention.inactive", "must be 0s, for never, or 2160h (90 days) or more: people are warned a month before")
	}
	if c.Retention.Unused < 120*day {
		f.add("retention.unused", "must be 2880h (120 days) or more: people are reminded until then")
	}
	positive(f, "retention.dormant", c.Retention.Dormant)
	positive(f, "retention.closed", c.Retention.Closed)
	positive(f, "retention.sessions", c.Retention.Sessions)
	positive(f, "retention.audit", c.Retention.Audit)
	positive(f, "retention.messages", c.Retention.Messages)
	if c.Retention.Letters < 0 {
		f.add("retention.letters", "must be 0s, for files that stay until they are marked printed, or more, for example 72h")
	}
}

func between(f *faults, path string, n, low, high int) {
	if n < low || n > high {
		f.add(path, "is %d: it must be from %d to %d", n, low, high)
	}
}

// positive asks for a second at least: stored times have no fractions.
func positive(f *faults, path string, d time.Duration) {
	if d < time.Second {
		f.add(path, "must be 1s or more, for example 30m or 12h")
	}
}
