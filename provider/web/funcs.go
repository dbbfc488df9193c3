package web

import (
	"fmt"
	"html/template"
	"strings"

	"loge/provider/config"
	"loge/provider/text"
)

// Funcs are the functions the templates call, over texts bound to the
// operator's names. None of them knows anything that changes while the server
// runs: what a page asks of them without data is written into it once.
//
//	{{t "key" "name" value …}}        text as HTML, **…** becomes <strong>
//	{{plain "key" "name" value …}}    text alone, for attributes and as a value for t
//	{{links "key" "/to" … "name" v}}  text whose **…** pieces become links to the paths, in order
//	{{field . "name" "label" (t …) …}} what the partial "field" shows
//	{{told .Data.Key .Data.Vars}}     text of an error page
//	{{tel .Phone}}                    target of a link that dials
//	{{duration .Left}}                « 2 minutes »
//	{{unstop .Summary}}               a phrase without its final stop, for a sentence that adds one
//	{{service}}                       the service's name
//	{{asset "style.css"}}             address of a file in templates/static
//	{{if touched . "name"}}           whether something is typed in a field or wrong with it
func Funcs(texts *text.Catalog, assets *Assets, service config.Service) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, vars ...any) template.HTML {
			return markup(texts.Spans(key, words(vars)...), nil)
		},
		"plain": func(key string, vars ...any) string {
			return texts.Get(key, words(vars)...)
		},
		"links":    func(key string, args ...any) (template.HTML, error) { return links(texts, key, args) },
		"field":    newField,
		"tel":      func(phone string) string { return "tel:" + strings.Map(dialled, phone) },
		"duration": text.Duration,
		"unstop":   func(s string) string { return strings.TrimRight(strings.TrimSpace(s), ".") },
		"told":     func(key string, vars []string) template.HTML { return told(texts, key, vars) },
		"service":  func() string { return service.Name },
		"asset":    assets.URL,
		"touched":  touched,
	}
}

// dialled keeps what a telephone can dial.
func dialled(r rune) rune {
	if r >= '0' && r <= '9' || r == '+' {
		return r
	}
	return -1
}

// words turns the values given in a template into strings.
func words(vars []any) []string {
	out := make([]string, len(vars))
	for i, v := range vars {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// markup escapes every piece. Strong pieces become links to hrefs as long as
// there are some, else bold.
func markup(spans []text.Span, hrefs []string) template.HTML {
	var b strings.Builder
	for _, s := range spans {
		escaped := template.HTMLEscapeString(s.Text)
		switch {
		case !s.Strong:
			b.WriteString(escaped)
		case len(hrefs) > 0:
			b.WriteString(`<a href="` + template.HTMLEscapeString(hrefs[0]) + `">` + escaped + `</a>`)
			hrefs = hrefs[1:]
		default:
			b.WriteString("<strong>" + escaped + "</strong>")
		}
	}
	return template.HTML(b.String())
}

// links takes leading arguments that look like a path, a mailto: or a tel: as
// targets, and the rest as variables. Other schemes are refused: a template
// must not build a link from data.
func links(texts *text.Catalog, key string, args []any) (template.HTML, error) {
	all := words(args)
	n := 0
	for n < len(all) && isTarget(all[n]) {
		n++
	}
	if n == 0 {
		return "", fmt.Errorf("links %q: no target", key)
	}
	return markup(texts.Spans(key, all[n:]...), all[:n]), nil
}

func isTarget(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") ||
		strings.HasPrefix(s, "mailto:") || strings.HasPrefix(s, "tel:")
}

// told is the text of an error page, whose marked words lead to the
// sign-in page.
func told(texts *text.Catalog, key string, vars []string) template.HTML {
	return markup(texts.Spans(key, vars...), []string{"/connexion"})
}
