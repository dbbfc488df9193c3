package templates

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	texttemplate "text/template"
	"text/template/parse"
)

// fold executes once what a page would write the same each time, and puts the
// outcome in its place: texts and links without values, pieces made of such
// alone, and form fields in which nothing is typed and nothing is wrong. It
// works on escaped templates and has html/template write each piece, so the page
// is the same to the byte. blank is a page on which nothing is typed.
func fold(set *template.Template, blank any) error {
	// html/template escapes a set when it is first executed, which without data
	// comes no further.
	err := set.Execute(io.Discard, nil)
	if _, started := errors.AsType[texttemplate.ExecError](err); err != nil && !started {
		return err
	}
	f := folder{set: set, blank: blank, folded: map[string]bool{}}
	return f.list(set.Tree.Root)
}

type folder struct {
	set    *template.Template
	blank  any
	folded map[string]bool // templates that were looked at
}

func (f *folder) list(list *parse.ListNode) error {
	if list == nil {
		return nil
	}
	var nodes []parse.Node
	for _, node := range list.Nodes {
		node, err := f.node(node)
		if err != nil {
			return err
		}
		text, isText := node.(*parse.TextNode)
		if n := len(nodes); isText && n > 0 {
			if before, ok := nodes[n-1].(*parse.TextNode); ok {
				nodes[n-1] = textNode(before.Pos, before.Text, text.Text)
				continue
			}
		}
		nodes = append(nodes, node)
	}
	list.Nodes = nodes
	return nil
}

// node returns what takes the place of a node, itself as a rule.
func (f *folder) node(node parse.Node) (parse.Node, error) {
	switch n := node.(type) {
	case *parse.ActionNode:
		if constant(n.Pipe) {
			return f.written(n)
		}
	case *parse.TemplateNode:
		return f.call(n)
	case *parse.IfNode:
		return n, errors.Join(f.list(n.List), f.list(n.ElseList))
	case *parse.WithNode:
		return n, errors.Join(f.list(n.List), f.list(n.ElseList))
	case *parse.RangeNode:
		return n, errors.Join(f.list(n.List), f.list(n.ElseList))
	}
	return node, nil
}

func (f *folder) call(n *parse.TemplateNode) (parse.Node, error) {
	called := f.set.Lookup(n.Name)
	if called == nil { // a copy that html/template made for a place inside an element or a tag
		return n, nil
	}
	if !f.folded[n.Name] {
		f.folded[n.Name] = true
		if err := f.list(called.Tree.Root); err != nil {
			return nil, err
		}
	}
	if nodes := called.Tree.Root.Nodes; len(nodes) == 1 && nodes[0].Type() == parse.NodeText {
		return nodes[0], nil
	}
	if page, name, ok := fieldOf(n); ok {
		return f.field(n, page, name)
	}
	return n, nil
}

// field has a form field made anew only where it was touched.
func (f *folder) field(n *parse.TemplateNode, page, name parse.Node) (parse.Node, error) {
	untouched, err := f.written(n)
	if err != nil {
		return nil, err
	}
	source := fmt.Sprintf("{{if touched %s %s}}-{{else}}-{{end}}", page, name)
	trees, err := parse.Parse(n.Name, source, "", "", template.FuncMap{"touched": true})
	if err != nil {
		return nil, err
	}
	either := trees[n.Name].Root.Nodes[0].(*parse.IfNode)
	either.List.Nodes = []parse.Node{n}
	either.ElseList.Nodes = []parse.Node{untouched}
	return either, nil
}

// fieldOf returns the page and the name of {{template "field" (field page "name"
// …)}}; false when something else than the page decides on the field.
func fieldOf(n *parse.TemplateNode) (page, name parse.Node, ok bool) {
	if n.Name != "field" || n.Pipe == nil || len(n.Pipe.Cmds) != 1 || len(n.Pipe.Cmds[0].Args) != 1 {
		return nil, nil, false
	}
	inner, ok := n.Pipe.Cmds[0].Args[0].(*parse.PipeNode)
	if !ok || len(inner.Cmds) != 1 || len(inner.Cmds[0].Args) < 3 {
		return nil, nil, false
	}
	args := inner.Cmds[0].Args
	for _, arg := range args[2:] {
		if !constant(arg) {
			return nil, nil, false
		}
	}
	return args[1], args[2], args[0].String() == "field"
}

// constant says whether a node has the same value each time: nothing in it comes
// from the data, and the functions of the pages know nothing else that changes.
func constant(node parse.Node) bool {
	var parts []parse.Node
	switch n := node.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.IdentifierNode:
	case *parse.CommandNode:
		parts = n.Args
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return false
		}
		for _, c := range n.Cmds {
			parts = append(parts, c)
		}
	default:
		return false
	}
	for _, part := range parts {
		if !constant(part) {
			return false
		}
	}
	return true
}

// written executes one node and returns the text it writes. For that moment the
// page consists of it alone.
func (f *folder) written(n parse.Node) (parse.Node, error) {
	root := f.set.Tree.Root
	whole := root.Nodes
	defer func() { root.Nodes = whole }()
	root.Nodes = []parse.Node{n}
	var b bytes.Buffer
	if err := f.set.Execute(&b, f.blank); err != nil {
		return nil, err
	}
	return textNode(n.Position(), b.Bytes()), nil
}

func textNode(pos parse.Pos, pieces ...[]byte) *parse.TextNode {
	return &parse.TextNode{NodeType: parse.NodeText, Pos: pos, Text: bytes.Join(pieces, nil)}
}
