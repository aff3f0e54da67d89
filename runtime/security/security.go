// Package security is what clients of any kind need to be let in, and to know
// whom they talk to.
//
//	tls_gen.go  TLS: what the spec says (generated)
//	tls.go      its files, read
//	servertls.go  TLS of a server: its files, read again when they change
//	token.go    OAuth tokens by client credentials
package security
