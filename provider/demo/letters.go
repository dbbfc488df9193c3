package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"loge/provider/letter"
	"loge/provider/text"
	"loge/storage"
)

// readLetters returns every printed letter, the oldest first: the names of the
// files sort by print run.
func (m *mailbox) readLetters() []item {
	files, err := filepath.Glob(filepath.Join(m.letters, "*.json"))
	if err != nil {
		return nil // the pattern is fixed: cannot happen
	}
	var items []item
	for _, file := range files {
		letters, err := readRun(file)
		if err != nil {
			slog.Error("read letters for the mailbox", "file", file, "error", err)
			continue
		}
		run := strings.TrimSuffix(filepath.Base(file), ".json")
		for i, l := range letters {
			items = append(items, item{
				ID:      fmt.Sprintf("%s-%d", run, i+1),
				Subject: subject(l.Object),
				When:    text.Date(l.Date),
				PDF:     run + ".pdf",
				Letter:  &l,
				order:   l.Date.Unix(),
			})
		}
	}
	return items
}

// subject is what a letter is about, without « Objet ».
func subject(object string) string {
	if _, about, ok := strings.Cut(object, ": "); ok {
		object = about
	}
	first, size := utf8.DecodeRuneInString(object)
	return string(unicode.ToUpper(first)) + object[size:]
}

// keepRun leaves beside the PDF of a print run what its letters say, so that
// the mailbox can show them as text. An agency must never do this: the file
// holds the secrets in clear.
func keepRun(pdf string, letters []letter.Letter) error {
	content, err := json.Marshal(letters)
	if err != nil {
		return fmt.Errorf("keep letters: %w", err)
	}
	if err := os.WriteFile(strings.TrimSuffix(pdf, ".pdf")+".json", content, 0o600); err != nil {
		return fmt.Errorf("keep letters: %w", err)
	}
	return nil
}

func readRun(file string) (letters []letter.Letter, err error) {
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &letters)
	}
	return letters, err
}

// typed returns the addresses that the users of an account have or are about to
// confirm.
func (m *mailbox) typed(ctx context.Context, number string) ([]string, error) {
	account, err := m.db.AccountByNumber(ctx, number)
	if err != nil {
		return nil, err
	}
	users, err := m.db.UsersOfAccount(ctx, account.ID)
	if err != nil {
		return nil, err
	}
	emails := []string{account.ContactEmail}
	for _, user := range users {
		emails = append(emails, user.Email)
		for _, purpose := range []string{storage.OwnAddress, storage.OrganisationAddress} {
			if change, err := m.db.EmailChangeOf(ctx, user.ID, purpose); err == nil {
				emails = append(emails, change.Email)
			}
		}
	}
	return emails, nil
}
