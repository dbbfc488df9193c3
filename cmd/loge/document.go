package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"loge/provider/operator"
	"loge/storage"
)

type documentCmd struct {
	Publish documentPublishCmd `cmd:"" help:"Publish a text; everybody is asked to accept it at the next sign-in."`
	List    documentListCmd    `cmd:"" help:"List the published texts."`
}

type documentPublishCmd struct {
	Kind    string `arg:"" enum:"rules,terms" help:"rules (règles d’usage) or terms (conditions d’utilisation)."`
	File    string `arg:"" help:"The text, Markdown in UTF-8, at most 1 MiB."`
	Version string `help:"Version; the next whole number when left out."`
	Changes string `help:"What changes, in one sentence, for those who accepted the version before."`
}

// documentLine is a document as it is shown, without its text.
type documentLine struct {
	Kind      string `json:"kind"`
	Version   string `json:"version"`
	SHA256    string `json:"sha256"`
	Changes   string `json:"changes"`
	Published string `json:"published"`
}

func documentOf(d storage.Document) documentLine {
	return documentLine{Kind: d.Kind, Version: d.Version, SHA256: d.SHA256, Changes: d.Summary, Published: date(d.PublishedAt)}
}

func (c documentPublishCmd) Run(a *app) error {
	text, err := readText(c.File)
	if err != nil {
		return err
	}
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	d, err := office.PublishDocument(a.ctx, operator.NewDocument{Kind: c.Kind, Version: c.Version, Summary: c.Changes, Text: text})
	again := errors.Is(err, operator.ErrPublished)
	if err != nil && !again {
		return err
	}
	value := struct {
		documentLine
		Changed bool `json:"changed"`
	}{documentOf(d), !again}
	return a.print(value, func() {
		if again {
			a.say("Nothing to do: this is the text of %s version %s, which is the current one.", d.Kind, d.Version)
			return
		}
		a.say("%s version %s is published: everybody is asked to accept it at the next sign-in.", d.Kind, d.Version)
	})
}

// readText reads a little more than a document may have, so that what is too
// long is refused and not cut.
func readText(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open document: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, operator.MaxDocument+8))
	if err != nil {
		return "", fmt.Errorf("read document: %w", err)
	}
	return string(text), nil
}

type documentListCmd struct{}

func (documentListCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	list := []documentLine{}
	for _, kind := range []string{storage.Rules, storage.Terms} {
		documents, err := db.Documents(a.ctx, kind)
		if err != nil {
			return fmt.Errorf("list documents: %w", err)
		}
		for _, d := range documents {
			list = append(list, documentOf(d))
		}
	}
	return a.print(map[string]any{"documents": list}, func() {
		for _, d := range list {
			a.say("%-5s  %-8s  %s  %.12s  %s", d.Kind, d.Version, d.Published, d.SHA256, d.Changes)
		}
		if len(list) == 0 {
			a.say("No document. Publish both: loge document publish rules FILE, loge document publish terms FILE")
		}
	})
}
