// Package storage remembers everything loge knows, on SQLite or PostgreSQL.
//
// One dialect serves both: the statements stand in the method that names them,
// $1 is a parameter everywhere, times are Unix seconds, an empty text is
// "none". Only Open, conflict and the kinds of conn know which database it is.
//
// Reads are methods of Queries and work anywhere. Writes happen inside
// [DB.InTx]: on SQLite the pool outside a transaction is read-only, so a
// forgotten transaction fails in the first test and not in production.
//
// What is used once is consumed by the statement itself, UPDATE … RETURNING;
// a row that does not come back is [ErrNotFound]. Nothing reads first and
// decides later.
//
// The package deliberately knows no rule: which password is good, who may be
// issued a token or when an attempt is refused is decided above, from the plain
// structs of this package.
package storage
