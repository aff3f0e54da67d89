package runtime

import (
	"fmt"
	"testing"
)

func TestComponents(t *testing.T) {
	got := fmt.Sprint(components(map[string]string{
		"key.converter": "convert.String", "value.converter": "convert.JSON", "transforms": "site,drop", "transforms.site.type": "transform.InsertField",
		"transforms.drop.type": "transform.Filter", "predicates": "drop", "predicates.drop.type": "predicate.TopicNameMatches", "transforms.drop.negate": "true",
	}))
	const want = "[{key.converter  convert.String} {value.converter  convert.JSON} {header.converter  convert.SimpleHeader} " +
		"{transform site transform.InsertField} {transform drop transform.Filter} {predicate drop predicate.TopicNameMatches}]"
	if got != want {
		t.Errorf("got %s", got)
	}
}
