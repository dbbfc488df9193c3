package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/gorilla/mux"

	"loge/provider/secret"
)

// exchange is one request's answer, and what is learned about both on the way.
type exchange struct {
	http.ResponseWriter
	id     string
	route  string // template of the matched route, "" when none matched
	status int    // 0 until the answer begins
	bytes  int64  // of its body
}

type exchangeKey struct{}

// exchangeOf returns the exchange that w is, or one that begins here.
func exchangeOf(w http.ResponseWriter) *exchange {
	if e, ok := w.(*exchange); ok {
		return e
	}
	return &exchange{ResponseWriter: w}
}

// newReference is ten random signs in two groups, 44 bits: enough to find one
// request in the log, short enough to read to an agent.
func newReference() string {
	signs := secret.RandomText(secret.Signs, 10)
	return signs[:5] + "-" + signs[5:]
}

// RequestID is the number of the running request, « Référence » on error
// pages; "" outside a request.
func RequestID(ctx context.Context) string {
	if e, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return e.id
	}
	return ""
}

// WithRequest gives every request its number. It is always ours: a number the
// client could choose would let it forge the log. It goes out as X-Request-Id.
func WithRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{ResponseWriter: w, id: newReference()}
		w.Header()["X-Request-Id"] = []string{e.id}
		next.ServeHTTP(e, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e)))
	})
}

// Route notes the template of the matched route for the log. It is the
// router's own middleware (router.Use): outside, mux does not know the route.
func Route(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
			if route := mux.CurrentRoute(r); route != nil {
				e.route, _ = route.GetPathTemplate() // "" for a route without one
			}
		}
		next.ServeHTTP(w, r)
	})
}

// RouteAs is Route where the template is known beforehand.
func RouteAs(template string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if e, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
				e.route = template
			}
			next.ServeHTTP(w, r)
		})
	}
}

func routeOf(r *http.Request) string {
	if e, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return e.route
	}
	return ""
}

// Answered is told of each answer: the template of its route ("" when none
// matched), the method as the client wrote it, the status, and how long it took.
type Answered func(route, method string, status int, took time.Duration)

// AccessLog writes one line per request: route template, never the path or the
// query, which hold codes and what people typed. It tells answered the same.
func AccessLog(log *slog.Logger, now func() time.Time, trusted []netip.Prefix, answered Answered) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := now()
			e := exchangeOf(w)
			defer func() {
				end := now()
				took := end.Sub(start)
				answered(e.route, r.Method, e.statusOrOK(), took)
				// Straight to the handler: the logger would look for this line's
				// place in the source, at each request.
				handler := log.Handler()
				if !handler.Enabled(r.Context(), slog.LevelInfo) {
					return
				}
				line := slog.NewRecord(end, slog.LevelInfo, "request", 0)
				line.AddAttrs(
					slog.String("request", e.id),
					slog.String("method", r.Method),
					slog.String("route", e.route),
					slog.Int("status", e.statusOrOK()),
					slog.Int64("bytes", e.bytes),
					slog.Duration("took", took),
					slog.String("address", AddressKey(ClientAddress(r, trusted))))
				_ = handler.Handle(r.Context(), line) // a log that cannot be written stops nobody
			}()
			next.ServeHTTP(e, r)
		})
	}
}

// Recover turns a panic into the 500 page. The stack goes to the log, never to
// the page. When the answer has begun, the connection is cut, so that nobody
// takes half a page for a whole one.
func (p *Pages) Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := exchangeOf(w)
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			p.Log.ErrorContext(r.Context(), "panic", "request", RequestID(r.Context()),
				"route", routeOf(r), "panic", v, "stack", string(debug.Stack()))
			if started(e) {
				panic(http.ErrAbortHandler)
			}
			p.Fail(e, r, &Error{Status: http.StatusInternalServerError, Message: "error.internal"})
		}()
		next.ServeHTTP(e, r)
	})
}

func (e *exchange) WriteHeader(status int) {
	if e.status == 0 && status >= 200 { // 1xx are not the answer
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *exchange) Write(b []byte) (int, error) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	n, err := e.ResponseWriter.Write(b)
	e.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

func (e *exchange) statusOrOK() int {
	if e.status == 0 {
		return http.StatusOK
	}
	return e.status
}

// started says whether an answer has begun, as far as an exchange saw it.
func started(w http.ResponseWriter) bool {
	e, ok := w.(*exchange)
	return ok && e.status != 0
}
