package recovery

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"loge/provider/config"
	"loge/provider/password"
	"loge/provider/secret"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/throttle"
	"loge/provider/web"
	"loge/storage"
)

// Recovery is the pages of people who cannot sign in. All fields are needed.
type Recovery struct {
	DB             *storage.DB
	Sessions       *session.Manager
	Pages          *web.Pages
	Hasher         *password.Hasher
	Master         secret.Master
	Service        config.Service
	Security       config.Security
	TrustedProxies []netip.Prefix
	PasswordList   *password.List // what nobody may choose; nil: the embedded list
	Now            func() time.Time
	Log            *slog.Logger
	Wake           func() // has what was asked looked at, and waiting messages leave, at once
}

// link says whether « Mot de passe oublié » sends a link.
func (h *Recovery) link() bool { return h.Security.Reset == config.ResetLink }

// shownFor is how long a page still shows the address that was typed before it.
const shownFor = time.Hour

// box seals what people typed: nothing of it stands in the database or in an
// address in clear.
func (h *Recovery) box() (*secret.Box, error) { return secret.NewBox(h.Master.Derive("help requests")) }

// shown writes a typed address into the address of the next page, so that it can
// be shown there although a reload sends nothing again.
func (h *Recovery) shown(path, typed string) (string, error) {
	box, err := h.box()
	if err != nil {
		return "", err
	}
	sealed := box.Seal(append(binary.BigEndian.AppendUint64(nil, uint64(h.Now().Unix())), typed...), "shown")
	return path + "?adresse=" + url.QueryEscape(base64.RawURLEncoding.EncodeToString(sealed)), nil
}

// typed reads what shown wrote; "" when it is too old or not ours.
func (h *Recovery) typed(r *http.Request) (string, error) {
	box, err := h.box()
	if err != nil {
		return "", err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("adresse"))
	if err != nil || len(sealed) > 1024 {
		return "", nil
	}
	plain, err := box.Open(sealed, "shown")
	if err != nil || len(plain) < 8 {
		return "", nil
	}
	if at := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0); h.Now().After(at.Add(shownFor)) {
		return "", nil
	}
	return string(plain[8:]), nil
}

func (h *Recovery) keys() throttle.Keys { return throttle.Keys(h.Master.Derive("throttle")) }

// address is the counter of the browser's network address.
func (h *Recovery) address(r *http.Request) string {
	return h.keys().Address(web.AddressKey(web.ClientAddress(r, h.TrustedProxies)))
}

// tooMany is what a page says when the network address has asked too often. It
// sets the header that says the same to a program.
func tooMany(w http.ResponseWriter, d throttle.Decision) web.FieldErrors {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(d.Wait.Seconds())))))
	return web.FieldErrors{{Key: "forgotten.error.wait", Vars: []string{"duree", text.Duration(d.Wait)}}}
}

// busy turns a full queue of passwords into a page that asks to come back.
func busy(w http.ResponseWriter, err error) error {
	if !errors.Is(err, password.ErrBusy) {
		return fmt.Errorf("hash password: %w", err)
	}
	w.Header().Set("Retry-After", "5")
	return &web.Error{Status: http.StatusServiceUnavailable, Message: "error.internal", Err: err}
}
