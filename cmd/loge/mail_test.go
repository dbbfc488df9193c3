package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// report waits until an e-mail lies in the folder mails, and writes what mail
// servers report about it: failed.eml and delayed.eml, and forged.eml with a
// Message-ID of nobody. away.yaml are settings whose database does not answer.
func report(ts *testscript.TestScript, neg bool, args []string) {
	const told = "0193f0aa-7c1e-7a55-9d3b-3f1b5c0e4a21@connexion.agence.example"
	var files []string
	for end := time.Now().Add(60 * time.Second); len(files) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("no e-mail has left")
		}
		var err error
		files, err = filepath.Glob(ts.MkAbs("mails/*.eml"))
		ts.Check(err)
	}
	raw, err := os.ReadFile(files[0])
	ts.Check(err)
	id := regexp.MustCompile(`(?m)^Message-ID: <(.+)>\r?$`).FindSubmatch(raw)
	if id == nil {
		ts.Fatalf("the e-mail has no Message-ID:\n%s", raw)
	}
	samples := filepath.Join("..", "..", "provider", "mail", "testdata", "reports")
	for file, from := range map[string]string{"failed.eml": "postfix-failed.eml", "delayed.eml": "postfix-delayed.eml", "forged.eml": "postfix-failed.eml"} {
		sample, err := os.ReadFile(filepath.Join(samples, from))
		ts.Check(err)
		about := string(id[1])
		if file == "forged.eml" {
			about = "0193f0aa" + about[8:]
		}
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(strings.ReplaceAll(string(sample), told, about)), 0o600))
	}
	settings := ts.ReadFile("config.yaml")
	ts.Check(os.WriteFile(ts.MkAbs("away.yaml"), []byte(strings.Replace(settings, "sqlite:data/loge.db", "postgres://127.0.0.1:1/loge", -1)), 0o600))
}
