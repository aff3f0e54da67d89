package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// longFlags are the names of all flags of more than one letter, and whether
// each takes a value.
func longFlags(root *cobra.Command) map[string]bool {
	long := map[string]bool{"help": false}
	for _, cmd := range append(root.Commands(), root) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if len(f.Name) > 1 {
				long[f.Name] = f.NoOptDefVal == ""
			}
		})
	}
	return long
}

// doubleDash writes Go's form of a long flag (-target, -target=x) as the one
// that cobra knows (--target). What stands behind "--", and the value behind a
// flag, stays as it is; -ofile is -o with its value.
func doubleDash(args []string, long map[string]bool) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		takes, known := long[name]
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && (known || !strings.ContainsRune("ot", rune(arg[1]))) {
			arg = "-" + arg
		}
		out = append(out, arg)
		value := arg == "-o" || arg == "-t" || known && takes && strings.HasPrefix(arg, "--") && !hasValue
		if value && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}
