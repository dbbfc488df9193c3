package recovery

import (
	"slices"
	"strings"
	"testing"

	"loge/provider/text"
	"loge/templates"
)

// described are the edges of the description of the service; login and reset are
// the pages outside.
var described = map[string]string{
	"q0": "a0 reset b c d e f z", "a0": "a1 c", "a1": "a1s a2", "a1s": "d", "a2": "a1 z", "b": "b1 b2 b3 b4 b5 b6 z", "b1": "login reset a0", "b2": "reset",
	"b3": "reset c3", "b4": "f z", "b5": "login", "c": "c1 c2 c4", "c1": "c1s", "c2": "c2y c3", "c2y": "login c3", "c3": "c3s", "c3s": "z", "c4": "c3 z",
	"d": "d1 d2", "d2": "d3 d4", "d3": "login", "d4": "c3s", "e": "a1 reset login", "f": "f1 f2 f3",
}

func (n node) leads() (to []string) {
	for _, w := range append(slices.Clone(n.Choices), n.Ways...) {
		to = append(to, w.To)
	}
	if n.Sent != "" {
		to = append(to, n.Sent)
	}
	return to
}

func named(t *testing.T, name string) node {
	t.Helper()
	i := slices.IndexFunc(graph, func(n node) bool { return n.Name == name })
	if i < 0 {
		t.Fatalf("no node %q", name)
	}
	return graph[i]
}

func TestGraphIsTheDescribedOne(t *testing.T) {
	outside := map[string]string{"login": toLogin, "reset": toForgotten}
	for name, edges := range described {
		leads := named(t, name).leads()
		for _, to := range strings.Fields(edges) {
			if address, ok := outside[to]; ok {
				to = address
			}
			if !slices.Contains(leads, to) {
				t.Errorf("%s does not lead to %s, only to %v", name, to, leads)
			}
		}
	}
}

// Every node is reached from the first question, and from every node one comes
// to the sign-in, to a reset, or to somebody to call.
func TestEveryNodeIsReachedAndNoneIsADeadEnd(t *testing.T) {
	reached := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if strings.HasPrefix(name, "/") || reached[name] {
			return
		}
		reached[name] = true
		for _, to := range named(t, name).leads() {
			visit(to)
		}
	}
	visit("q0")
	paths := map[string]bool{}
	for _, n := range graph {
		if !reached[n.Name] {
			t.Errorf("%s is not reached", n.Name)
		}
		if len(n.leads()) == 0 && !n.Contact {
			t.Errorf("%s is a dead end", n.Name)
		}
		if (n.Form == "") != (n.Sent == "") || n.Form != "" && len(n.Choices) > 0 {
			t.Errorf("%s is neither a question nor a form", n.Name)
		}
		if paths[n.Path] {
			t.Errorf("two nodes at %q", n.Path)
		}
		paths[n.Path] = true
		if n.Name != "q0" && n.before() == "" {
			t.Errorf("%s has no way back", n.Name)
		}
	}
}

func TestEveryNodeHasItsTexts(t *testing.T) {
	texts, err := text.Load(templates.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range graph {
		keys := []string{"problem." + n.Name + ".h1"}
		for _, c := range n.Choices {
			keys = append(keys, "problem."+n.Name+"."+c.Name)
		}
		for _, w := range n.Ways {
			keys = append(keys, "problem.to."+w.Name)
		}
		if n.Form != "" {
			keys = append(keys, "problem."+n.Name+".button")
		}
		for _, key := range keys {
			if !texts.Has(key) {
				t.Errorf("no text %s", key)
			}
		}
	}
}
