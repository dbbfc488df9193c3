package letter

import (
	"io"
	"slices"
	"strconv"
	"testing"
)

// BenchmarkPrintRun makes a print run of 10,000 letters. Its highest memory
// shows with /usr/bin/time -v on the compiled test.
func BenchmarkPrintRun(b *testing.B) {
	sample := samples(b)["identifier_organisation"]
	batch := make([]Letter, 10_000)
	for i := range batch {
		batch[i] = sample
		batch[i].Number = "Numéro utilisateur\u00a0: " + strconv.Itoa(10_000_000_000_000+i)
		batch[i].Secret = "LOG " + strconv.Itoa(10_000_000+i)
	}
	b.ReportAllocs()
	for b.Loop() {
		for file := range slices.Chunk(batch, PerFile) {
			if err := WritePDF(io.Discard, file); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "letters/s")
}

func BenchmarkLines(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Lines("Madame Joséphine L’Œuvre", "4 bis, rue de l’Église", "29000 Quimper"); err != nil {
			b.Fatal(err)
		}
	}
}
