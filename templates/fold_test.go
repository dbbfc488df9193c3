package templates

import (
	"errors"
	"html/template"
	"strings"
	"testing"
)

// form is the data of the pages below: what is typed in each field.
type form struct {
	Typed map[string]string
	Each  []int
}

type input struct{ Name, Label, Value string }

// foldedFuncs count in asked which texts are asked for.
func foldedFuncs(asked map[string]int) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, vars ...any) template.HTML {
			asked[key]++
			if key == "marked" {
				return "<strong>a</strong>"
			}
			return template.HTML(template.HTMLEscapeString("l’" + key + " & \"b\""))
		},
		"plain": func(key string) string { asked[key]++; return key + ` "+' & <b>` },
		"field": func(f form, name string, label any) input {
			asked[name]++
			l, _ := label.(string)
			return input{name, l, f.Typed[name]}
		},
		"touched": func(f form, name string) bool { return f.Typed[name] != "" },
		"fault":   func() (string, error) { return "", errors.New("at fault") },
	}
}

func parsed(t *testing.T, page string, asked map[string]int) *template.Template {
	t.Helper()
	set, err := template.New("page").Funcs(foldedFuncs(asked)).Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func shown(t *testing.T, set *template.Template, data form) string {
	t.Helper()
	var b strings.Builder
	if err := set.Execute(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What takes nothing from the data is asked for once, when its page is made. The
// page is the same to the byte, wherever the piece stands.
func TestWhatIsAlwaysTheSameIsWrittenOnce(t *testing.T) {
	const page = `{{define "part"}}{{t "part"}} {{.}}{{end}}{{define "still"}}<b title="{{plain "still"}}">{{end}}{{define "inside"}}{{plain "inside"}}{{end}}` +
		`{{define "field"}}<label>{{.Label}}</label><input name="{{.Name}}"{{with .Value}} value="{{.}}"{{end}}>{{end}}` +
		`<title>{{t "title"}} {{template "inside"}}</title><p title={{plain "bare"}} data-x='{{plain "quoted"}}' onclick="f({{plain "script"}})"><a href="/?a={{plain "address"}}">{{plain "text" | printf "%s;"}}</a>` +
		`{{if .Each}}<p>{{t "then"}}</p>{{else}}{{t "else"}}{{end}}{{range .Each}}{{t "each"}} {{t "marked"}} {{t "named" "n" .}}{{end}}` +
		`{{template "part" .Each}}{{template "still"}}{{template "field" (field . "one" (plain "label"))}}{{with .Each}}{{template "field" (field $ "two" "2 <")}}{{template "field" (field $ "own" (len .))}}{{end}}`
	asked := map[string]int{}
	plain, folded := parsed(t, page, map[string]int{}), parsed(t, page, asked)
	if err := fold(folded, form{}); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []map[string]string{{"one": `"`}, nil, {"two": "2"}} {
		clear(asked)
		data := form{typed, []int{1, 2}}
		if got, want := shown(t, folded, data), shown(t, plain, data); got != want {
			t.Errorf("%v:\ngot  %s\nwant %s", typed, got, want)
		}
		for _, key := range []string{"part", "title", "still", "bare", "quoted", "script", "address", "text", "then", "each", "marked"} {
			if asked[key] != 0 {
				t.Errorf("%s is asked for %d times", key, asked[key])
			}
		}
		if asked["named"] != 2 || asked["own"] != 1 || asked["one"] != len(typed["one"]) || asked["two"] != len(typed["two"]) {
			t.Errorf("%v: asked %v", typed, asked)
		}
	}
}

func TestAFaultOfAPageIsFoundWhenItIsMade(t *testing.T) {
	for page, want := range map[string]string{
		`{{if .Each}}{{fault}}{{end}}`:                            "at fault",
		`<a href="{{if .Each}}/{{else}}" title="{{end}}{{.Each}}`: "different contexts",
	} {
		if err := fold(parsed(t, page, map[string]int{}), form{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", page, err, want)
		}
	}
}
