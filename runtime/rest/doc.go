// Package rest serves Kafka Connect's REST API: its paths, bodies, status codes
// and messages, over what a [Herder] knows. README.md names each place where it
// answers otherwise than Kafka Connect, and why.
//
//	herder.go      what the handler asks: Herder, and its errors
//	handler.go     Handler: who may ask, what is read, how it is answered
//	router.go      paths → endpoints
//	body.go        JSON that comes in, within bounds
//	answer.go      JSON that goes out, errors
//	access.go      basic authentication, read-only, requests from web pages
//	connectors.go  /connectors, and what cannot be changed
//	lifecycle.go   pause, resume, stop, restart, tasks, topics
//	offsets.go     /connectors/{c}/offsets
//	plugins.go     /connector-plugins        validate.go  their configurations
//	loggers.go     /admin/loggers            health.go    / and /health
//	server.go      Server: listens, with limits for slow and malformed clients
//	conns.go       the connections that are open, and which one has to go
package rest
