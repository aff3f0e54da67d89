package gotype_test

import (
	"os"
	"testing"

	"cuelang.org/go/cue/cuecontext"

	"kcgen.dev/compiler/gotype"
)

// TestChange: what the change of a field means is said by its definition, or by
// its role.
func TestChange(t *testing.T) {
	p := &packages{cue: cuecontext.New(), root: os.DirFS("../.."), own: map[string][]byte{"thing.cue": []byte(`package thing
#Source: {
	#source: "example.com/acme/thing.Source"
	file!: string @change(identity)
	size?: int
}
#Mask: {
	#transform: "example.com/acme/thing.Mask"
	field!: string
	cache?: int @change(restart)
}
#Route: {
	@change(renamed)
	#transform: "example.com/acme/thing.Route"
	regex!: string
}
`)}}
	defs, bad := gotype.NewTable(nil).Package(p.value(t, ownPath))
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	want := map[string]string{
		"#Source.file": "identity", "#Source.size": "restart", "#Mask.field": "output", "#Mask.cache": "restart", "#Route.regex": "renamed",
	}
	for _, d := range defs {
		for _, f := range d.Fields {
			if name := d.Name + "." + f.Name; f.Change != want[name] {
				t.Errorf("%s: %q, want %q", name, f.Change, want[name])
			}
		}
	}
}
