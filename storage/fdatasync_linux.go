package storage

// SQLite as its Go driver builds it has never heard of fdatasync and calls
// fsync. That also writes the file's times, in the file system's own journal if
// it has one. SQLite needs the data and the length of the file, as fdatasync
// promises; Debian's and the other distributions' SQLite call it. The definition
// below stands in for the C library's: only C code sees it, and SQLite is all of
// that here. Go's own files go another way.

// #include <unistd.h>
//
// int fsync(int fd) { return fdatasync(fd); }
import "C"
