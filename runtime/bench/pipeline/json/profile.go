//go:build profile

package main

import "kcgen.dev/runtime/bench/profile"

func init() { profile.UntilSIGTERM() }
