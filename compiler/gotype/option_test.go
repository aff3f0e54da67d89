package gotype

import (
	"testing"

	"kcgen.dev/compiler/plan"
)

// What a field is called in Kafka Connect stands in its doc, or follows from
// its name.
func TestProperty(t *testing.T) {
	scalar := func(k plan.Kind) *Type { return &Type{Form: Scalar, Kind: k} }
	for _, c := range []struct {
		name, doc, want string
		ty              *Type
	}{
		{"batchSize", "The most lines of one batch (batch.size).", "batch.size", scalar(plan.Int)},
		{"schemaContent", "The schema (schema.content, KIP-1054).", "schema.content", scalar(plan.String)},
		{"hoisted", "The field (hoisted, KIP-821, which is new).", "hoisted", scalar(plan.String)},
		{"strict", "Whether a number out of range (wrapped) is refused.", "strict", scalar(plan.Bool)},
		{"on", "The key or the value (Cast$Key, Cast$Value).", "on", scalar(plan.String)},
		{"basicAuthUserInfo", "user:password (basic.auth.user.info, with basic.auth.credentials.source=USER_INFO).", "basic.auth.user.info", scalar(plan.Secret)},
		{"requestTimeout", "How long (http.connect.timeout.ms and http.read.timeout.ms).", "http.connect.timeout.ms", scalar(plan.Duration)},
		{"maxBufferedRecords", "Records that wait (buffer.memory counts bytes instead).", "max.buffered.records", scalar(plan.Int)},
		{"rotateWait", "How long.", "rotate.wait.ms", scalar(plan.Duration)},
		{"allowWithoutTLS", "", "allow.without.tls", scalar(plan.Bool)},
		{"errors", "What happens (errors.*).", "errors.*", &Type{Form: Struct}},
		{"deadLetterQueue", "Where records go.", "", &Type{Form: Struct}},
		{"groups", "The groups (topic.creation.<group>.*).", "topic.creation.<group>.*", &Type{Form: Keyed}},
	} {
		if got := (Field{Name: c.name, Doc: []string{c.doc}, Type: c.ty}).Property(); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.name, c.doc, got, c.want)
		}
	}
}
