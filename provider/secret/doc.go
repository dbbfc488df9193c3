// Package secret derives every key from the one master secret and seals what
// the database must not show: signing keys today.
//
// A label names each use; two labels never share a key. The package knows
// neither where the master secret comes from (config) nor what is sealed.
package secret
