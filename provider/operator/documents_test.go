package operator_test

import (
	"errors"
	"strings"
	"testing"

	"loge/provider/operator"
	"loge/storage"
	"loge/storage/storagetest"
)

func TestPublishDocument(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		office := agency(db)
		publish := func(n operator.NewDocument) (storage.Document, error) {
			n.Kind = storage.Rules
			return office.PublishDocument(t.Context(), n)
		}
		first, err := publish(operator.NewDocument{Text: "\ufeff# Règles\n"})
		if err != nil || first.Version != "1" || first.Text != "# Règles\n" || len(first.SHA256) != 64 {
			t.Fatalf("first = %+v, %v", first, err)
		}
		same, err := publish(operator.NewDocument{Text: "# Règles\n", Version: "9"})
		if !errors.Is(err, operator.ErrPublished) || same.ID != first.ID {
			t.Errorf("same text = %+v, %v; want the first one and ErrPublished", same, err)
		}
		second, err := publish(operator.NewDocument{Text: "# Autres règles", Summary: " Les délais changent. "})
		if err != nil || second.Version != "2" || second.Summary != "Les délais changent" {
			t.Errorf("second = %+v, %v", second, err)
		}
		if _, err := publish(operator.NewDocument{Text: "# Encore", Version: "2"}); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("version used before: %v, want ErrConflict", err)
		}
		// Going back to an earlier text is a new version of its own.
		third, err := publish(operator.NewDocument{Text: "# Règles\n", Version: "2026-11.b"})
		if err != nil || third.ID == first.ID {
			t.Errorf("third = %+v, %v", third, err)
		}
		current, err := db.CurrentDocuments(t.Context())
		if err != nil || len(current) != 1 || current[0].ID != third.ID {
			t.Errorf("current = %+v, %v; want the one published last", current, err)
		}
		events, err := db.AuditEvents(t.Context(), 0, 100)
		if err != nil || len(events) != 3 || events[0].Action != "document.published" {
			t.Errorf("audit = %+v, %v; want three publications", events, err)
		}
	})
}

func TestPublishDocumentRefuses(t *testing.T) {
	office := agency(storagetest.Open(t))
	for name, n := range map[string]operator.NewDocument{
		"unknown kind":       {Kind: "privacy", Text: "x"},
		"no text":            {Kind: storage.Terms, Text: " \n"},
		"byte order mark":    {Kind: storage.Terms, Text: "\ufeff"},
		"not UTF-8":          {Kind: storage.Terms, Text: "R\xe8gles"},
		"NUL":                {Kind: storage.Terms, Text: "a\x00b"},
		"too long":           {Kind: storage.Terms, Text: strings.Repeat("a", operator.MaxDocument+1)},
		"version of a path":  {Kind: storage.Terms, Text: "x", Version: "../1"},
		"version of dots":    {Kind: storage.Terms, Text: "x", Version: ".."},
		"long version":       {Kind: storage.Terms, Text: "x", Version: strings.Repeat("1", 33)},
		"changes of 2 lines": {Kind: storage.Terms, Text: "x", Summary: "a\nb"},
	} {
		if d, err := office.PublishDocument(t.Context(), n); err == nil {
			t.Errorf("%s was published: %+v", name, d)
		}
	}
}
