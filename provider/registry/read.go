package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a file of clients, in bytes.
const maxFile = 4 << 20

// Entry is one client of a file.
type Entry struct {
	Document
	Line int
}

// Read reads clients from a file: YAML or JSON, with one client, a list of them,
// or the list under the name clients. Names that do not exist are refused with
// their line, and so is everything else, all at once.
func Read(r io.Reader) ([]Entry, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("more than %d bytes", maxFile)
	}
	if start := bytes.TrimLeft(text, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		text = bytes.ReplaceAll(text, []byte("\t"), []byte(" ")) // JSON is indented with tabs too, YAML is not
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root yaml.Node
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return nil, errors.New("no client in it")
	} else if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document: write the clients as a list")
	}
	return clientsOf(root.Content[0])
}

func clientsOf(node *yaml.Node) ([]Entry, error) {
	if node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == "clients" {
		node = node.Content[1]
	}
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	var all []Entry
	var faults []error
	for _, n := range nodes {
		e, err := entryOf(n)
		if i := slices.IndexFunc(all, func(o Entry) bool { return o.ID == e.ID }); err == nil && i >= 0 {
			err = fmt.Errorf("line %d: client %q is there twice, in line %d before", e.Line, shorten(e.ID), all[i].Line)
		}
		faults, all = append(faults, err), append(all, e)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no client in it")
	}
	return all, nil
}

// entryOf reads one client, field by field, so that each fault has its line.
func entryOf(node *yaml.Node) (Entry, error) {
	e := Entry{Line: node.Line}
	if node.Kind == yaml.AliasNode || node.Kind != yaml.MappingNode {
		return e, fmt.Errorf("line %d: a client is written as names with values", node.Line)
	}
	var faults []error
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch {
		case name.Value == "client_secret":
			faults = append(faults, fmt.Errorf("line %d: client_secret: secrets are made here and stand in no file", name.Line))
		case !slices.Contains(names, name.Value):
			faults = append(faults, fmt.Errorf("line %d: unknown name %q%s", name.Line, shorten(name.Value), similar(name.Value)))
		case seen[name.Value]:
			faults = append(faults, fmt.Errorf("line %d: %s is there twice", name.Line, name.Value))
		default:
			if err := set(&e.Document, name.Value, value); err != nil {
				faults = append(faults, err)
			}
		}
		seen[name.Value] = true
	}
	if e.ID == "" && !seen["client_id"] {
		faults = append(faults, fmt.Errorf("line %d: client_id is missing: it tells which client is meant", node.Line))
	}
	return e, errors.Join(faults...)
}

// set puts one value into the document.
func set(d *Document, name string, node *yaml.Node) error {
	var value any
	if err := node.Decode(&value); err != nil {
		return fmt.Errorf("line %d: %s: %s", node.Line, name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	text, err := json.Marshal(map[string]any{name: value})
	if err != nil {
		return fmt.Errorf("line %d: %s: cannot be read", node.Line, name)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields() // in lists of objects; the name itself is known
	if err := decoder.Decode(d); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("line %d: %s: is %s, and must be %s", node.Line, name, wrong.Value, kindOf(wrong.Type.String()))
		}
		return fmt.Errorf("line %d: %s: %s", node.Line, name, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// kindOf says in plain words what a Go type takes.
func kindOf(goType string) string {
	switch strings.TrimPrefix(goType, "*") {
	case "[]string":
		return "a list"
	case "[]storage.Right", "storage.Right":
		return "a list of name and sentence"
	case "bool":
		return "true or false"
	case "int64":
		return "a whole number"
	case "string":
		return "text"
	}
	return goType
}

// similar proposes the name that was meant, when it is the same without case,
// hyphens and underscores.
func similar(name string) string {
	bare := func(s string) string {
		return strings.TrimSuffix(strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s)), "s")
	}
	for _, known := range names {
		if bare(known) == bare(name) || bare(known) == bare("client_"+name) {
			return ": write " + known
		}
	}
	return ""
}

// Write writes clients as Read reads them, in YAML.
func Write(w io.Writer, documents []Document) error {
	text, err := json.Marshal(map[string]any{"clients": documents})
	if err != nil {
		return fmt.Errorf("encode clients: %w", err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return fmt.Errorf("encode clients: %w", err)
	}
	block(&root)
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return fmt.Errorf("write clients: %w", err)
	}
	return encoder.Close()
}

// block forgets how JSON was written.
func block(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		block(child)
	}
}
