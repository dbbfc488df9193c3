package main

// Go's runtime has a watch that looks every 20 µs whether somebody is held up in
// a call into C, and gives the processor to others if so. A commit of SQLite is
// such a call and takes a tenth of a millisecond: on one core the watch and the
// two changes of thread cost more than is gained. Told before Go starts that
// timers may come a millisecond late, the kernel lets the watch sleep longer; a
// slow disk's commits are still noticed. It makes a token of a client's own a
// sixth cheaper. Nothing here needs a finer timer.

// #include <sys/prctl.h>
//
// __attribute__((constructor)) static void coarse_timers(void) {
//     prctl(PR_SET_TIMERSLACK, 1000000UL, 0UL, 0UL, 0UL); // ns; its failure costs speed alone
// }
import "C"
