// Package telemetry tells the operator how the server is doing: Prometheus
// metrics at /metrics, and /healthz, which asks the database. Both stand on a
// listener of their own (setting metrics.listen), in plain http and without a
// password: only the operator's machines may reach it.
//
// Nothing is counted twice. What happens is told by whoever knows it already:
//
//	Answered  web's access log    requests: route template, method, status
//	Audited   storage's journal   sign-ins, tokens, mails, once they are stored
//	Job       each job            its runs on this replica
//	Collect   asked at a scrape   queues, letters printed, connections, Argon2
//
// The first three count what this process did: sum them over replicas. Messages
// waiting and letters printed are read from the database, which all replicas
// share (letters are printed by a command, not by the server): take their maximum.
//
// Labels come from closed lists, never from what somebody typed or is. A route
// is its template; an address that leads nowhere and a method that we do not
// serve have one value for all.
//
// The package deliberately knows no feature, and no other package knows
// Prometheus: provider hands the methods over as functions. There is no global
// registry.
package telemetry
