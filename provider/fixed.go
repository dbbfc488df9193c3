package provider

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"loge/provider/web"
)

// fixed answers addresses without variables by one look into a map. The router
// compares its routes one after the other, by regular expressions; it keeps
// the rest: variables, unknown addresses and methods, unclean paths.
func fixed(router *mux.Router) (http.Handler, error) {
	handlers := map[string]map[string]http.Handler{} // by path, by method
	err := router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := route.GetMethods()
		if err != nil || strings.Contains(path, "{") {
			return err
		}
		if handlers[path] == nil {
			handlers[path] = map[string]http.Handler{}
		}
		h := web.RouteAs(path)(route.GetHandler())
		for _, method := range methods {
			if handlers[path][method] == nil { // as in the router, the first one
				handlers[path][method] = h
			}
		}
		return nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := handlers[r.URL.Path][r.Method]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		router.ServeHTTP(w, r)
	}), err
}
