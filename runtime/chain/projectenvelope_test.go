package chain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
	"kcgen.dev/runtime/transform/debezium"
	"kcgen.dev/runtime/transform/timezone"
)

// The transforms of change events, with the definitions' defaults.
var (
	extract = debezium.ExtractNewRecordState{DeleteTombstoneHandlingMode: "tombstone", AddFieldsPrefix: "__", AddHeadersPrefix: "__", DropFieldsKeepSchemaCompatible: true, ReplaceNullWithDefault: true}
	outbox  = debezium.EventRouter{TableFieldEventID: "id", TableFieldEventKey: "id", TableFieldEventPayload: "name", RouteByField: "name", RouteTopicRegex: "(?<routedByValue>.*)", RouteTopicReplacement: "out.${routedByValue}",
		TableOpInvalidBehavior: "warn", TableFieldAdditionalMissing: "error", TableJSONPayloadNullBehavior: "ignore", TableJSONPayloadEmptyArrayBehavior: "ignore"}
)

// TestProjectEnvelopes: random change events, and what is none, whole and
// damaged, through chains that begin with what looks at parts of them.
func TestProjectEnvelopes(t *testing.T) {
	random := dice{rand.New(rand.NewPCG(9, 10))}
	for name, value := range map[string]connect.Converter{"JSON": convert.JSON{SchemasEnable: true}, "Avro": avroOffline} {
		t.Run(name, func(t *testing.T) {
			tried, less := 0, 0
			for range chains() {
				p, ok := openPair(t, value, random.envelopeSteps())
				if !ok {
					t.Fatal("a chain does not open")
				}
				less += random.envelopes(t, p, value)
				tried += envelopesEach
			}
			t.Logf("less was made of %d of %d messages", less, tried)
			if less < tried/8 {
				t.Error("too few")
			}
		})
	}
}

const envelopesEach = 24

// envelopeSteps are a chain of which most begin with what reads parts of
// envelopes.
func (d dice) envelopeSteps() []chain.Step {
	e := extract
	e.DeleteTombstoneHandlingMode = []string{"drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"}[d.IntN(5)]
	fields := []string{"op", "ts_ms", "table", "source.db", "source.ts_ms", "transaction.id", "id", "lsn", "source.op"}
	for range d.IntN(3) {
		f := fields[d.IntN(len(fields))]
		if !slices.Contains(e.AddFields, f) {
			e.AddFields = append(e.AddFields, f)
		}
		e.AddHeaders = append(e.AddHeaders, fields[d.IntN(len(fields))])
	}
	steps := []chain.Step{{Do: e}}
	if d.IntN(4) == 0 {
		steps[0].Do = outbox
	}
	before := []connect.Transform{
		transform.TombstoneHandler{Behavior: "ignore"},
		timezone.Converter{ConvertedTimezone: "Europe/Berlin"},
		transform.SetSchemaMetadata{On: "value", SchemaName: []string{"a.Other", "b.Envelope"}[d.IntN(2)]},
		transform.RegexRouter{Regex: "(.*)", Replacement: "x$1"},
		transform.MaskField{On: "value", Fields: []string{"transaction"}},
	}
	for range d.IntN(3) {
		steps = append([]chain.Step{{Do: before[d.IntN(len(before))]}}, steps...)
	}
	return steps
}

// envelopes tries messages of one schema in a chain.
func (d dice) envelopes(t *testing.T, p pair, value connect.Converter) (less int) {
	writer, err := value.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	s := d.envelope()
	return d.tryAll(t, p, writer, s, envelopesEach, func() connect.Value {
		v := d.value(s)
		if st := v.Struct(); st != nil && d.IntN(4) > 0 {
			st.Slots[s.FieldIndex("op")] = connect.String([]string{"c", "r", "u", "d"}[d.IntN(4)])
		}
		return v
	})
}

// envelope is the schema of change events of some table, or of something else
// that looks like it.
func (d dice) envelope() *connect.Schema {
	n := d.Uint64()
	row := connect.NewStruct().Name(fmt.Sprintf("acme.R%d", n)).Optional().
		Field("id", connect.Int64Schema).Field("name", connect.OptionalStringSchema).Field("more", d.field(2)).MustBuild()
	source := connect.NewStruct().Name(fmt.Sprintf("acme.S%d", n)).Field("db", connect.StringSchema).Field("table", connect.OptionalStringSchema).
		Field("ts_ms", connect.Int64Schema).Field("more", d.field(2)).MustBuild()
	transaction := connect.NewStruct().Name(fmt.Sprintf("acme.T%d", n)).Optional().Field("id", connect.StringSchema).MustBuild()
	b := connect.NewStruct().Name(fmt.Sprintf("acme.t%d.%s", n, []string{"Envelope", "Envelope", "Envelope", "Other"}[d.IntN(4)]))
	for _, f := range []connect.Field{
		{Name: "before", Schema: row}, {Name: "after", Schema: row}, {Name: "source", Schema: source}, {Name: "op", Schema: connect.StringSchema},
		{Name: "ts_ms", Schema: connect.OptionalInt64Schema}, {Name: "transaction", Schema: transaction},
	} {
		if d.IntN(20) > 0 || f.Name == "op" {
			b.Field(f.Name, f.Schema)
		}
	}
	return b.MustBuild()
}
