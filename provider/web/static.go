package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"loge/provider/config"
	"loge/templates"
)

// Assets are the style sheet, the script and the icon: read once, compressed
// when first asked for, served from memory.
type Assets struct {
	files map[string]asset
}

type asset struct {
	kind    string // Content-Type
	version string // start of the SHA-256 of plain
	plain   []byte
	gzipped func() []byte // nil when not smaller
}

// Our own colours, for settings that name none: 8.3:1 and 6.5:1 on white.
const (
	mainColour  = "#0a4f8f"
	errorColour = "#b3261e"
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// NewAssets reads the files of templates/static and puts the operator's
// colours as custom properties at the head of the style sheet; an empty colour
// leaves ours. The configuration checks their contrast; here only their form
// counts, so that nothing else slips into the style sheet.
func NewAssets(c config.Colours) (*Assets, error) {
	root := ""
	for _, v := range []struct{ name, value, ours string }{{"main", c.Main, mainColour}, {"error", c.Error, errorColour}} {
		value := cmp.Or(v.value, v.ours)
		if !colour.MatchString(value) {
			return nil, fmt.Errorf("colour %s: want #rrggbb, got %q", v.name, value)
		}
		root += "--" + v.name + ":" + value + ";"
	}
	a := &Assets{files: map[string]asset{}}
	files := templates.Files()
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		return nil, fmt.Errorf("list static files: %w", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read static file: %w", err)
		}
		if path.Base(name) == "style.css" {
			data = append([]byte(":root{"+root+"}\n"), data...)
		}
		if a.files[path.Base(name)], err = newAsset(name, data); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// kinds are the Content-Types of the files there are: what the system would say
// differs from machine to machine.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func newAsset(name string, data []byte) (asset, error) {
	kind := kinds[path.Ext(name)]
	if kind == "" {
		return asset{}, fmt.Errorf("static file %s: its kind is unknown", name)
	}
	sum := sha256.Sum256(data)
	return asset{kind: kind, version: hex.EncodeToString(sum[:6]), plain: data,
		gzipped: sync.OnceValue(func() []byte { return compressed(data) })}, nil
}

// compressed returns nil when that is not smaller.
func compressed(data []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(data)
		err = errors.Join(err, z.Close())
	}
	if err != nil || b.Len() >= len(data) {
		return nil // plain is right in any case
	}
	return b.Bytes()
}

// URL is the address of a file with the version of its content, so that it may
// be kept for ever and a new release is seen at once.
func (a *Assets) URL(name string) string {
	return "/static/" + name + "?v=" + a.files[name].version
}

// Static serves /static/{name}. With the right version the answer may be
// kept for a year; with another one, as during an upgrade of several replicas,
// it must be asked again each time.
func (p *Pages) Static() http.Handler {
	return p.Handle(func(w http.ResponseWriter, r *http.Request) error {
		f, ok := p.Assets.files[path.Base(r.URL.Path)]
		if !ok {
			return NotFound()
		}
		f.serve(w, r)
		return nil
	})
}

func (f asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body, etag := f.plain, `"`+f.version+`"`
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if gzipped := f.gzipped(); gzipped != nil {
			body, etag = gzipped, `"`+f.version+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", etag)
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails only when the browser has gone
	}
}

// acceptsGzip reads Accept-Encoding as far as we need it: gzip named and not
// refused with q=0.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			return strings.TrimSpace(q) == "" || err == nil && weight > 0
		}
	}
	return false
}

func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}
