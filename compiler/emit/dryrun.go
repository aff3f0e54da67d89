package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"kcgen.dev/compiler/plan"
)

// Packages of the dry run.
var (
	dryRunPkg = plan.Type{Path: "kcgen.dev/runtime/dryrun", Pkg: "dryrun"}

	// parserPkgs have a ParseSchema, by the language's name in a spec.
	parserPkgs = []struct {
		language string
		pkg      plan.Type
	}{
		{"avro", plan.Type{Path: "kcgen.dev/runtime/convert/avro", Pkg: "avro"}},
		{"jsonSchema", plan.Type{Path: "kcgen.dev/runtime/convert/jsonschema", Pkg: "jsonschema"}},
		{"protobuf", plan.Type{Path: "kcgen.dev/runtime/convert/protobuf", Pkg: "protobuf"}},
	}
)

// DryRun returns the program that tries a plan instead of running it: the same
// literal under another main, with the parsers of the schema languages that
// the spec uses.
//
//	func main() {
//		dryrun.Main(pipeline, dryrun.Parsers{"avro": avro.ParseSchema})
//	}
func DryRun(p *plan.Pipeline, languages map[string]bool) ([]byte, error) {
	names, err := nameImports(p, dryRunImports(languages)...)
	if err != nil {
		return nil, fmt.Errorf("emit: %w", err)
	}
	parsers, text := parsersOf(names, languages)
	main := jen.Qual(dryRunPkg.Path, "Main").Call(jen.Id("pipeline"), parsers)
	dry := names.name[dryRunPkg.Path]
	return program(p, names, "main", main, dry+".Main(pipeline, "+text+")")
}

func dryRunImports(languages map[string]bool) []plan.Type {
	out := []plan.Type{dryRunPkg}
	for _, l := range parserPkgs {
		if languages[l.language] {
			out = append(out, l.pkg)
		}
	}
	return out
}

// parsersOf is the literal of the parsers that languages need, and what is to
// be read of it.
func parsersOf(names *imports, languages map[string]bool) (literal jen.Code, text string) {
	var parsers []jen.Code
	var texts []string
	for _, l := range parserPkgs {
		if languages[l.language] {
			parsers = append(parsers, jen.Lit(l.language).Op(":").Qual(l.pkg.Path, "ParseSchema"))
			texts = append(texts, fmt.Sprintf("%q: %s.ParseSchema", l.language, names.name[l.pkg.Path]))
		}
	}
	return jen.Qual(dryRunPkg.Path, "Parsers").Custom(oneLine, parsers...),
		fmt.Sprintf("%s.Parsers{%s}", names.name[dryRunPkg.Path], strings.Join(texts, ", "))
}
