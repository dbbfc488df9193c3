package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loge/provider/account"
	"loge/provider/letter"
	"loge/provider/password"
	"loge/storage"
)

// batch is one print run on its way.
type batch struct {
	*Delivery
	dir, name, actor string
	now              time.Time
	run              storage.PrintRun
	messages         []storage.Message
	letters          []letter.Letter
	sheets           []sheet
	provisionals     []storage.Provisional
	refused          map[string]Refusal // by message
	refusals         []Refusal          // the same, in order
}

// errNothing says that no letter waits.
var errNothing = errors.New("nothing to print")

// open takes a number and the letters that wait behind the given message.
func (b *batch) open(ctx context.Context, kind, after string) error {
	b.refused = map[string]Refusal{}
	return b.DB.InTx(ctx, func(q *storage.Queries) (err error) {
		if b.run, err = q.OpenPrintRun(ctx, kind, b.actor, storage.At(b.now)); err != nil {
			return err
		}
		b.run.File = filepath.Join(b.dir, fmt.Sprintf("courriers-%04d-%s.pdf", b.run.Number, b.name))
		for _, file := range []string{b.run.File, b.report(), manifest(b.run.File)} {
			if err := absent(file); err != nil {
				return err
			}
		}
		if err := q.SetPrintFile(ctx, b.run.Number, b.run.File); err != nil {
			return err
		}
		b.messages, err = q.TakeLetters(ctx, b.run, after, maxLetters, storage.At(b.now))
		if err == nil && len(b.messages) == 0 {
			return errNothing
		}
		return err
	})
}

// print writes the letters and records the run. On failure nothing of it stays.
func (b *batch) print(ctx context.Context) (Run, error) {
	done := Run{Number: b.run.Number, Kind: b.run.Kind}
	err := b.write(ctx)
	if err == nil && b.run.Letters > 0 {
		err = b.finish(ctx)
	}
	if err != nil && b.recorded(context.WithoutCancel(ctx)) {
		b.Log.WarnContext(ctx, "print run is recorded in spite of an error", "run", b.run.Number, "error", err)
		err = nil
	}
	if err != nil || b.run.Letters == 0 {
		if undo := b.undo(context.WithoutCancel(ctx), b.run); err != nil || undo != nil {
			_ = os.Remove(b.report()) // what it says is void; there may be none
			return done, errors.Join(err, undo)
		}
	}
	if done.Letters = b.run.Letters; done.Letters > 0 {
		done.File = b.run.File
	}
	if done.Refused = b.refusals; len(done.Refused) > 0 {
		done.Report = b.report()
	}
	return done, nil
}

// recorded tells whether the run was committed although the answer was lost:
// its letters then count and its file must stay.
func (b *batch) recorded(ctx context.Context) bool {
	run, err := b.DB.PrintRun(ctx, b.run.Number)
	return err == nil && run.State == storage.RunPrinted
}

// write composes the letters and writes both files.
func (b *batch) write(ctx context.Context) error {
	for _, m := range b.messages {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.compose(ctx, m); err != nil {
			return fmt.Errorf("compose letter: %w", err)
		}
	}
	b.run.Letters = len(b.letters)
	if len(b.refusals) > 0 {
		if err := writeFile(b.report(), b.writeReport); err != nil {
			return err
		}
	}
	if len(b.letters) == 0 {
		return nil
	}
	hash := sha256.New()
	err := writeFile(b.run.File, func(w io.Writer) error { return b.WritePDF(io.MultiWriter(w, hash), b.letters) })
	b.letters = nil // the secrets go with them
	b.run.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if err != nil {
		return err
	}
	return writeFile(manifest(b.run.File), b.writeManifest)
}

// compose adds one letter to the batch, or its refusal.
func (b *batch) compose(ctx context.Context, m storage.Message) error {
	a, err := b.DB.Account(ctx, m.AccountID)
	if err != nil {
		return fmt.Errorf("load account: %w", err)
	}
	u, err := b.DB.User(ctx, m.UserID)
	if err != nil {
		return fmt.Errorf("load user: %w", err)
	}
	number := fmt.Sprintf("%04d-%05d", b.run.Number, len(b.letters)+1)
	l, p, err := b.letterOf(m, a, u, number)
	if err != nil {
		refusal := Refusal{Number: a.Number, Reason: err.Error()}
		b.refused[m.ID] = refusal
		b.refusals = append(b.refusals, refusal)
		return nil
	}
	b.letters = append(b.letters, l)
	b.sheets = append(b.sheets, sheet{number: number, account: a.Number, message: m.ID, provisional: p.ID})
	if p.ID != "" {
		b.provisionals = append(b.provisionals, p)
	}
	return nil
}

// letterOf writes one letter; an error says why it cannot be posted.
func (b *batch) letterOf(m storage.Message, a storage.Account, u storage.User, number string) (l letter.Letter, p storage.Provisional, err error) {
	lines, err := recipient(m, a, u)
	if err != nil {
		return l, p, fmt.Errorf("l’adresse ne peut pas être imprimée : %w", err)
	}
	to := letter.To{Recipient: lines, Number: a.Number, Department: a.Department, Date: b.now, Letter: number}
	if to.Again, to.Asked, err = again(m); err != nil {
		return l, p, err
	}
	switch m.Kind {
	case storage.MessageIdentifier:
		l, err = b.Letters.Identifier(to, account.FormatIdentifier(u.Identifier), account.MayClaim(u, a))
	case storage.MessageProvisional:
		plain, until := password.New(), end(b.now, b.Security.ProvisionalByLetter)
		p = storage.Provisional{ID: storage.NewID(), UserID: u.ID, Hash: password.Hash(b.provisionalKey, u.ID, plain),
			Channel: storage.ByLetter, CreatedAt: storage.At(b.now), ExpiresAt: storage.At(until)}
		l, err = b.Letters.Provisional(to, password.Format(plain), lastDay(until))
	case storage.MessageAdministratorAppointed:
		l, err = b.Letters.AdministratorAppointed(to, a.CompanyName, u.Name(), m.CreatedAt.Time())
	}
	return l, p, err
}

// recipient is the block in the window. In an organisation that knows who its
// people are, codes are for one of them: the letter says for whom, unless that
// leaves no line for the address.
func recipient(m storage.Message, a storage.Account, u storage.User) ([]string, error) {
	if a.Kind == storage.Individual {
		return letter.Lines(strings.TrimSpace(u.Title+" "+u.Name()), a.AddressLines()...)
	}
	if m.Kind != storage.MessageAdministratorAppointed && !u.ActivatedAt.IsZero() {
		attention := append([]string{"À l’attention de " + u.Name()}, a.AddressLines()...)
		if lines, err := letter.Lines(a.CompanyName, attention...); err == nil {
			return lines, nil
		}
	}
	return letter.Lines(a.CompanyName, a.AddressLines()...)
}

// again reads whether a letter replaces an earlier one, and when the person
// asked for it: « again » is « sent » or a moment in Unix seconds.
func again(m storage.Message) (bool, time.Time, error) {
	switch said := m.Data["again"]; said {
	case "":
		return false, time.Time{}, nil
	case "sent":
		return true, time.Time{}, nil
	default:
		at, err := strconv.ParseInt(said, 10, 64)
		if err != nil {
			return false, time.Time{}, fmt.Errorf("letter %s: again: %w", m.ID, err)
		}
		return true, storage.Time(at).Time(), nil
	}
}

// report is the name of the file that lists the refused letters.
func (b *batch) report() string {
	return filepath.Join(b.dir, fmt.Sprintf("courriers-%04d-refus.csv", b.run.Number))
}

func (b *batch) writeReport(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	rows := [][]string{{"numero_utilisateur", "motif", "que_faire"}}
	for _, r := range b.refusals {
		rows = append(rows, []string{harmless(r.Number), harmless(r.Reason), "corrigez l’adresse dans le fichier des comptes, importez-le de nouveau, puis loge letter print"})
	}
	return out.WriteAll(rows)
}

// unfinished is the name of a file while it is being written.
func unfinished(file string) string {
	return filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".unfinished")
}

// absent refuses a folder in which another installation has printed: its
// letters would be replaced by ours.
func absent(file string) error {
	_, err := os.Lstat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look into folder for letters: %w", err)
	}
	return fmt.Errorf("%s exists already and belongs to no print run of this database: choose another folder", file)
}

// writeFile writes a file that only its owner may read. It appears under its
// name when it is whole and on disk.
func writeFile(name string, write func(io.Writer) error) (err error) {
	temporary := unfinished(name)
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary) // nothing half-written stays
		}
	}()
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	if err := os.Rename(temporary, name); err != nil {
		return fmt.Errorf("name file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
