package self

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"loge/provider/account"
	"loge/provider/session"
	"loge/provider/text"
	"loge/provider/web"
	"loge/storage"
)

// dataFile is the copy of a person's data for a program. The names are those of
// the tables and columns.
type dataFile struct {
	Service    string                       `json:"service"`
	Operator   string                       `json:"operator"`
	Identifier string                       `json:"identifier"`
	Number     string                       `json:"number"`
	MadeAt     time.Time                    `json:"made_at"`
	Kept       map[string][]storage.KeptRow `json:"kept"`
	Withheld   map[string]map[string]string `json:"withheld"` // table → column → why
}

// DataFile hands out everything that is kept about the person, as JSON.
func (s *Self) DataFile(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	tables, err := s.kept(r, v, "json")
	if err != nil {
		return err
	}
	file := dataFile{Service: s.Service.Name, Operator: s.Service.Operator, Identifier: account.FormatIdentifier(v.User.Identifier), Number: v.Account.Number,
		MadeAt: s.Now().UTC().Truncate(time.Second), Kept: map[string][]storage.KeptRow{}, Withheld: map[string]map[string]string{}}
	for _, t := range tables {
		file.Kept[t.Table] = t.Rows
	}
	for _, k := range storage.KeptTables {
		file.Withheld[k.Table] = k.Withheld
	}
	body, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("write data: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="mes-donnees-`+v.Account.Number+`.json"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails only when the browser has gone
	}
	return nil
}

type dataPage struct {
	Name, Identifier, Number string
	MadeAt                   string
	Tables                   []dataTable
}

type dataTable struct {
	Table string // data.table. and this is its title
	Rows  [][]dataField
}

type dataField struct {
	Column string // data.column. and this is its label
	Value  string
}

// Data shows the same to be read and printed.
func (s *Self) Data(w http.ResponseWriter, r *http.Request, v session.Visit) error {
	tables, err := s.kept(r, v, "html")
	if err != nil {
		return err
	}
	page := dataPage{Name: v.User.Name(), Identifier: account.FormatIdentifier(v.User.Identifier), Number: v.Account.Number, MadeAt: text.DateTime(s.Now())}
	for _, t := range tables {
		shown := dataTable{Table: t.Table}
		for _, row := range t.Rows {
			var fields []dataField
			for _, f := range row {
				if value := readable(f.Value); value != "" {
					fields = append(fields, dataField{f.Column, value})
				}
			}
			shown.Rows = append(shown.Rows, fields)
		}
		page.Tables = append(page.Tables, shown)
	}
	return s.render(w, r, v, web.View{Template: "selfdata", Data: page})
}

// kept reads what is kept about the person, and notes that it was handed out.
// Who in the agency did something is not the person's to know: that the agency did.
func (s *Self) kept(r *http.Request, v session.Visit, format string) ([]storage.KeptTable, error) {
	ctx := r.Context()
	err := s.DB.InTx(ctx, func(q *storage.Queries) error {
		return q.Audit(ctx, s.event(v, "data.handed_out", map[string]string{"format": format, "session": v.Session.ID}))
	})
	if err != nil {
		return nil, fmt.Errorf("note that data are handed out: %w", err)
	}
	tables, err := s.DB.KeptAbout(ctx, v.User)
	if err != nil {
		return nil, fmt.Errorf("read data: %w", err)
	}
	for _, t := range tables {
		if t.Table != "audit" {
			continue
		}
		for _, row := range t.Rows {
			for i, f := range row {
				if who, ok := f.Value.(string); ok && (f.Column == "actor" || f.Column == "subject") {
					row[i].Value = party(who, v)
				}
			}
		}
	}
	return tables, nil
}

// party is who an event names, for the person.
func party(who string, v session.Visit) string {
	switch {
	case who == v.User.ID:
		return "self"
	case who == v.Account.ID:
		return "account"
	case strings.HasPrefix(who, "agent:"):
		return "agency"
	}
	return who
}

// readable writes a value for people, "" when there is nothing to tell.
func readable(value any) string {
	switch v := value.(type) {
	case storage.Time:
		return text.DateTime(v.Time())
	case bool:
		if v {
			return "oui"
		}
		return "non"
	case int64:
		return strconv.FormatInt(v, 10)
	case map[string]string:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+"\u00a0: "+v[name])
		}
		return strings.Join(parts, ", ")
	case string:
		return v
	}
	return ""
}
