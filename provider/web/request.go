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

// request is what the middleware around the router learns about one request.
type request struct {
	id    string
	route string // template of the matched route, "" when none matched
}

type requestKey struct{}

// newReference is ten random signs in two groups, 44 bits: enough to find one
// request in the log, short enough to read to an agent.
func newReference() string {
	signs := secret.RandomText(secret.Signs, 10)
	return signs[:5] + "-" + signs[5:]
}

// RequestID is the number of the running request, « Référence » on error
// pages; "" outside a request.
func RequestID(ctx context.Context) string {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q.id
	}
	return ""
}

// WithRequest gives every request its number. It is always ours: a number the
// client could choose would let it forge the log. It goes out as X-Request-Id.
func WithRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{id: newReference()}
		w.Header()["X-Request-Id"] = []string{q.id}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, q)))
	})
}

// Route notes the template of the matched route for the log. It is the
// router's own middleware (router.Use): outside, mux does not know the route.
func Route(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q, ok := r.Context().Value(requestKey{}).(*request); ok {
			if route := mux.CurrentRoute(r); route != nil {
				q.route, _ = route.GetPathTemplate() // "" for a route without one
			}
		}
		next.ServeHTTP(w, r)
	})
}

// RouteAs is Route where the template is known beforehand.
func RouteAs(template string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if q, ok := r.Context().Value(requestKey{}).(*request); ok {
				q.route = template
			}
			next.ServeHTTP(w, r)
		})
	}
}

func routeOf(r *http.Request) string {
	if q, ok := r.Context().Value(requestKey{}).(*request); ok {
		return q.route
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
			rec := &recorder{ResponseWriter: w}
			defer func() {
				end := now()
				took := end.Sub(start)
				answered(routeOf(r), r.Method, rec.statusOrOK(), took)
				// Straight to the handler: the logger would look for this line's
				// place in the source, at each request.
				handler := log.Handler()
				if !handler.Enabled(r.Context(), slog.LevelInfo) {
					return
				}
				line := slog.NewRecord(end, slog.LevelInfo, "request", 0)
				line.AddAttrs(
					slog.String("request", RequestID(r.Context())),
					slog.String("method", r.Method),
					slog.String("route", routeOf(r)),
					slog.Int("status", rec.statusOrOK()),
					slog.Int64("bytes", rec.bytes),
					slog.Duration("took", took),
					slog.String("address", AddressKey(ClientAddress(r, trusted))))
				_ = handler.Handle(r.Context(), line) // a log that cannot be written stops nobody
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

// Recover turns a panic into the 500 page. The stack goes to the log, never to
// the page. When the answer has begun, the connection is cut, so that nobody
// takes half a page for a whole one.
func (p *Pages) Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec, ok := w.(*recorder) // the access log's
		if !ok {
			rec = &recorder{ResponseWriter: w}
		}
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
			if started(rec) {
				panic(http.ErrAbortHandler)
			}
			p.Fail(rec, r, &Error{Status: http.StatusInternalServerError, Message: "error.internal"})
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx are not the answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) statusOrOK() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// started says whether an answer has begun, as far as a recorder saw it.
func started(w http.ResponseWriter) bool {
	rec, ok := w.(*recorder)
	return ok && rec.status != 0
}
