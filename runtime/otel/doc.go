// Package otel sends traces of a pipeline by OpenTelemetry's protocol. Only
// a program whose spec asks for it links the package, and with it
// OpenTelemetry's SDK: nothing else may import it.
//
//	otlp.go  OTLP: the SDK set up, and shut down
//	span.go  a batch's span and its stages
//	send.go  what is said of spans that were not sent
package otel
