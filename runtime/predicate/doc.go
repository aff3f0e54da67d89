// Package predicate holds the predicates that Kafka Connect itself ships: for
// which records a transform is done (KIP-585). One file each.
package predicate
