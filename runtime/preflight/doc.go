// Package preflight says what a pipeline needs of the systems around it, and
// looks whether it is there, before the pipeline runs.
//
//	needs.go    Needs: the topics and rights that the worker will use
//	source.go   which topics a source writes to   pattern.go  a regular expression as ACLs
//	grants.go   Grants: the needs as commands and statements
//	check.go    Check: whether they are met       topics.go, rights.go, components.go  part by part
//	finding.go  Finding, Report
//
// Nothing here writes, joins a group or makes a topic. Both verbs work from the
// same needs, so what grants prints is what check asks for.
package preflight
