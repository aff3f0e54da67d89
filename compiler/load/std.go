package load

import (
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
)

// stdPackages are those of CUE v0.17.1 that a spec may import: what they give
// depends on their arguments alone, tool/… apart.
var stdPackages = []string{
	"crypto/ed25519", "crypto/hmac", "crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha512",
	"encoding/base64", "encoding/csv", "encoding/hex", "encoding/json", "encoding/openapi", "encoding/toml", "encoding/yaml",
	"html", "list", "math", "math/bits", "net", "path", "regexp", "strconv", "strings", "struct",
	"text/tabwriter", "text/template", "time", "uuid",
}

// isStd says whether a path is in CUE's own library: its first word has no dot.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != "" && !strings.Contains(first, ".")
}

func stdProblem(path string) string {
	name, _, _ := strings.Cut(path, ":")
	switch {
	case slices.Contains(stdPackages, name):
		return ""
	case name == "tool" || strings.HasPrefix(name, "tool/"):
		return fmt.Sprintf("%q is refused: a spec runs and reads nothing", path)
	}
	return fmt.Sprintf("no package %q in CUE's library%s", path, diag.DidYouMean(name, stdPackages))
}

// predeclared are CUE's own identifiers.
var predeclared = []string{
	"_", "string", "bytes", "bool", "int", "float", "number", "error", "len", "close", "matchIf", "matchN",
	"and", "or", "div", "mod", "quo", "rem", "self", "null", "true", "false",
	"uint", "uint8", "int8", "uint16", "int16", "rune", "uint32", "int32", "uint64", "int64", "uint128", "int128",
	"float32", "float64",
}

func isPredeclared(name string) bool {
	return slices.Contains(predeclared, strings.TrimPrefix(name, "__"))
}
