package deploy

import (
	"regexp"
	"strconv"
	"strings"
)

// OfAll selects the series of the pipeline's connectors.
func (p *Pipeline) OfAll() string { return ofConnectors(p.Connectors()) }

// OfSources selects the series of its sources.
func (p *Pipeline) OfSources() string { return ofConnectors(p.Sources) }

// OfSinks selects the series of its sinks.
func (p *Pipeline) OfSinks() string { return ofConnectors(p.Sinks) }

// ofConnectors is a matcher of PromQL. Names are of few characters, so that it
// is a plain word of YAML too.
func ofConnectors(names []string) string {
	if len(names) == 1 {
		return "connector=" + strconv.Quote(names[0])
	}
	var quoted []string
	for _, n := range names {
		quoted = append(quoted, regexp.QuoteMeta(n))
	}
	return "connector=~" + strconv.Quote(strings.Join(quoted, "|"))
}
