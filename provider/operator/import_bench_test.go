package operator_test

import (
	"runtime"
	"strings"
	"testing"

	"loge/provider/operator"
	"loge/storage/storagetest"
)

const benchRows = 100_000

// BenchmarkImport takes in 100,000 new accounts, each with its two messages,
// durably, on SQLite.
func BenchmarkImport(b *testing.B) {
	file := manyLandlords(benchRows)
	b.ReportAllocs()
	for b.Loop() {
		db := storagetest.Open(b)
		importAll(b, agency(db), file)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchRows, "µs/account")
}

// BenchmarkImportPostgres is the same on PostgreSQL.
func BenchmarkImportPostgres(b *testing.B) {
	file := manyLandlords(benchRows)
	b.ReportAllocs()
	for b.Loop() {
		importAll(b, agency(storagetest.OpenURL(b, storagetest.Postgres(b))), file)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchRows, "µs/account")
}

// BenchmarkImportAgain finds 100,000 accounts unchanged.
func BenchmarkImportAgain(b *testing.B) {
	file := manyLandlords(benchRows)
	db := storagetest.Open(b)
	importAll(b, agency(db), file)
	b.ReportAllocs()
	for b.Loop() {
		importAll(b, agency(db), file)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/benchRows, "µs/account")
}

func importAll(b *testing.B, o *operator.Operator, file string) {
	report, err := o.Import(b.Context(), strings.NewReader(file), operator.ImportOptions{Name: "bench.csv"})
	if err != nil || report.Created+report.Unchanged != benchRows {
		b.Fatalf("import: %v, %v", report, err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
}
