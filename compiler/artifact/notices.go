package artifact

import (
	_ "embed"
	"strings"
)

// The licences of what every program links.
var (
	//go:embed notices/go.txt
	goLicence string
	//go:embed notices/kcgen.txt
	kcgenLicence string
)

// Notices are the licences' texts of what a binary links, and the notices that go
// with them: who passes the binary on is to pass them on too.
func Notices(b Build) []byte {
	var out strings.Builder
	add := func(name, version string, texts []string) {
		if len(texts) == 0 {
			return
		}
		out.WriteString("==== " + strings.TrimSpace(name+" "+version) + "\n\n")
		for _, text := range texts {
			out.WriteString(strings.TrimSpace(text) + "\n\n")
		}
	}
	add("Go", b.goVersion(), []string{goLicence})
	add(kcgen, b.Kcgen, []string{kcgenLicence})
	for _, m := range b.Linked.Modules {
		add(moduleName(m), m.Version, textsIn(m.Dir, noticeFile))
	}
	return []byte(out.String())
}
