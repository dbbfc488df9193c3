package operator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"loge/provider/operator"
	"loge/storage"
	"loge/storage/storagetest"
)

// broken ends in an error after some bytes, as a cut connection or a full
// disk does.
type broken struct {
	*strings.Reader
	second bool
	left   int
}

func (b *broken) Seek(offset int64, whence int) (int64, error) {
	b.second = b.left > 0 && b.Reader.Len() == 0
	return b.Reader.Seek(offset, whence)
}

func (b *broken) Read(p []byte) (int, error) {
	if !b.second {
		return b.Reader.Read(p)
	}
	if b.left <= 0 {
		return 0, errors.New("cable pulled")
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func TestInterruptedImportGoesOn(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		file := manyLandlords(2000)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cut, err := agency(db).Import(ctx, strings.NewReader(file), operator.ImportOptions{Name: "comptes.csv",
			Progress: func(read, total int64) {
				if read > total/3 {
					cancel()
				}
			}})
		if !errors.Is(err, context.Canceled) || cut.Created == 0 || cut.Created == 2000 {
			t.Fatalf("interrupted run: %v, %v", cut, err)
		}
		again, err := agency(db).Import(t.Context(), &broken{Reader: strings.NewReader(file), left: len(file) * 2 / 3}, operator.ImportOptions{Name: "comptes.csv"})
		if err == nil || again.Unchanged != cut.Created {
			t.Fatalf("second run: %v, %v; want the cable pulled after %d unchanged", again, err, cut.Created)
		}
		last, _ := imported(t, db, file)
		if last.Unchanged != cut.Created+again.Created || last.Created+last.Unchanged != 2000 {
			t.Errorf("third run: %v after %d and %d", last, cut.Created, again.Created)
		}
		found, err := db.Accounts(t.Context(), "", 3000)
		if err != nil || len(found) != 2000 {
			t.Errorf("%d accounts, %v; want 2000", len(found), err)
		}
	})
}

// manyLandlords is a file of n good rows, half by e-mail and half by letter.
func manyLandlords(n int) string {
	var b bytes.Buffer
	b.WriteString(headerRow)
	for i := range n {
		email, address := fmt.Sprintf("bailleur%d@exemple.fr", i), ";"
		if i%2 == 1 {
			email, address = "", fmt.Sprintf("%d RUE DES LILAS;69003 LYON", i)
		}
		if _, err := fmt.Fprintf(&b, "%014d;physique;69;;;Mme;Jeanne;Vasseur;%s;%s;;;;;\n", i+1, email, address); err != nil {
			panic(err) // a buffer takes everything
		}
	}
	return b.String()
}

var _ io.ReadSeeker = (*broken)(nil)

func TestTwoImportsAtOnce(t *testing.T) {
	storagetest.ForEach(t, func(t *testing.T, db *storage.DB) {
		file := manyLandlords(1500)
		results := make(chan operator.Report, 2)
		for range 2 {
			go func() {
				report, err := agency(db).Import(t.Context(), strings.NewReader(file), operator.ImportOptions{Name: "comptes.csv"})
				if err != nil {
					t.Error(err)
				}
				results <- report
			}()
		}
		one, other := <-results, <-results
		if one.Created+other.Created != 1500 || one.Unchanged+other.Unchanged != 1500 {
			t.Errorf("%v and %v; want 1500 created in all", one, other)
		}
	})
}
