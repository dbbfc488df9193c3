package registry

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Change is one field that differs. A value is JSON; nil where there is none.
type Change struct {
	Field string          `json:"field"`
	Old   json.RawMessage `json:"old,omitempty"`
	New   json.RawMessage `json:"new,omitempty"`
}

// Field is one field with its value, JSON.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Fields are those of the document that have a value, in its order.
func (d Document) Fields() ([]Field, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode client: %w", err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("encode client: %w", err)
	}
	var list []Field
	for _, name := range names {
		if value, has := values[name]; has {
			list = append(list, Field{name, value})
		}
	}
	return list, nil
}

// Compare tells what makes a the document b, in the order of the fields.
func Compare(a, b Document) ([]Change, error) {
	old, err := a.Fields()
	if err != nil {
		return nil, err
	}
	next, err := b.Fields()
	if err != nil {
		return nil, err
	}
	value := func(list []Field, name string) json.RawMessage {
		if i := slices.IndexFunc(list, func(f Field) bool { return f.Name == name }); i >= 0 {
			return list[i].Value
		}
		return nil
	}
	var changes []Change
	for _, name := range names {
		if before, after := value(old, name), value(next, name); string(before) != string(after) {
			changes = append(changes, Change{name, before, after})
		}
	}
	return changes, nil
}

// names are those of Document's fields in JSON, in its order.
var names = namesOf(reflect.TypeFor[Document]())

func namesOf(t reflect.Type) (all []string) {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous {
			all = append(all, namesOf(field.Type)...)
		} else {
			all = append(all, name)
		}
	}
	return all
}
