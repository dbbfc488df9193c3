package templates

import (
	"html/template"
	"strings"
	"testing"
)

// A text without values is asked for once, when its page is made; one with
// markup, with values or inside another call each time. The page is the same.
func TestTextsAreWrittenIntoThePages(t *testing.T) {
	const page = `{{define "part"}}{{t "part"}}{{end}}<title>{{t "title"}}</title>{{if .}}<p>{{t "then"}}</p>{{else}}{{t "else"}}{{end}}` +
		`{{with .}}{{range .}}{{t "each"}} {{t "marked"}} {{t "named" "n" .}}{{end}}{{end}}{{template "part"}}{{print (t "inner")}}`
	asked := map[string]int{}
	texts := func(key string, vars ...any) template.HTML {
		asked[key]++
		if key == "marked" {
			return "<strong>a</strong>"
		}
		return template.HTML(template.HTMLEscapeString("l’" + key + " & \"b\""))
	}
	made := func() *template.Template {
		return template.Must(template.New("page").Funcs(template.FuncMap{"t": texts}).Parse(page))
	}
	shown := func(set *template.Template) string {
		var b strings.Builder
		if err := set.Execute(&b, []int{1, 2}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := shown(made())
	folded := made()
	fold(folded, texts)
	clear(asked)
	if got := shown(folded); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, key := range []string{"part", "title", "then", "each"} {
		if asked[key] != 0 {
			t.Errorf("%s is asked for %d times", key, asked[key])
		}
	}
	if asked["marked"] != 2 || asked["named"] != 2 || asked["inner"] != 1 {
		t.Errorf("asked %v", asked)
	}
}
