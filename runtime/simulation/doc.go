// Package simulation runs the whole runtime in virtual time.
package simulation
