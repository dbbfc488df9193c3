// Package job runs a function every so often, on one replica only.
//
//	Every  until told to stop: run, wait an interval or a wake-up call, run …
//	Alone  once, while nobody else does
//
// Who runs is decided by a lease row that its holder renews while it works. A
// replica that dies loses its leases within a minute; one that cannot renew
// stops working before another may start. Leases compare the clocks of the
// replicas, which must agree to a few seconds.
//
// The package deliberately does not know what is done: which jobs there are
// and how often they run stands in provider/jobs.go.
package job
