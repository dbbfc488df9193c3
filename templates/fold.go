package templates

import (
	"html/template"
	"strings"
	"text/template/parse"
)

// textFunc is the function t of the templates.
type textFunc = func(key string, vars ...any) template.HTML

// fold writes the texts that take no value into the templates, once, where a
// page would otherwise call {{t "key"}} each time it is shown: they are most of
// it. One with markup stays a call, because what becomes of markup depends on
// where it stands.
func fold(set *template.Template, t textFunc) {
	for _, each := range set.Templates() {
		if each.Tree != nil {
			foldList(each.Tree.Root, t)
		}
	}
}

func foldList(list *parse.ListNode, t textFunc) {
	if list == nil {
		return
	}
	for i, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			if key, ok := textKey(n.Pipe); ok {
				if text := string(t(key)); !strings.Contains(text, "<") {
					list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(text)}
				}
			}
		case *parse.IfNode:
			foldList(n.List, t)
			foldList(n.ElseList, t)
		case *parse.WithNode:
			foldList(n.List, t)
			foldList(n.ElseList, t)
		case *parse.RangeNode:
			foldList(n.List, t)
			foldList(n.ElseList, t)
		}
	}
}

// textKey returns the key of a pipeline that is {{t "key"}} and nothing else.
func textKey(pipe *parse.PipeNode) (string, bool) {
	if len(pipe.Decl) != 0 || len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 2 {
		return "", false
	}
	name, ok := pipe.Cmds[0].Args[0].(*parse.IdentifierNode)
	key, isText := pipe.Cmds[0].Args[1].(*parse.StringNode)
	if !ok || !isText || name.Ident != "t" {
		return "", false
	}
	return key.Text, true
}
