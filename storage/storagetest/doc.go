// Package storagetest gives each test a fresh, migrated database of its own.
//
// [Open] is a SQLite file; [ForEach] runs a test on SQLite and on PostgreSQL.
// PostgreSQL is used when TEST_POSTGRES says so: "start" makes the test process
// start a private cluster on a free port (see [Main]), a postgres:// address
// uses a running server on which databases may be created.
package storagetest
