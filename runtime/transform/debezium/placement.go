package debezium

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

// placement says where a further column of the outbox table goes.
type placement struct {
	column string
	to     string // header, envelope or partition
	name   string // of the header, or of the envelope's field
}

func parsePlacements(in []string) (out []placement, err error) {
	for _, text := range in {
		parts := strings.Split(text, ":")
		p := placement{column: parts[0], name: parts[0]}
		if len(parts) > 1 {
			p.to = parts[1]
		}
		if len(parts) == 3 {
			p.name = parts[2]
		}
		known := p.to == "header" || p.to == "envelope" || p.to == "partition"
		if !known || len(parts) > 3 || p.column == "" || p.name == "" {
			return nil, fmt.Errorf(`%q has to be "column:header", "column:envelope", either with ":alias" behind it, or "column:partition"`, text)
		}
		out = append(out, p)
	}
	return out, nil
}

// placed is a placement in rows of one schema.
type placed struct {
	placement
	at     int
	schema *connect.Schema
}

// place finds the columns that are there.
func (x *router) place(row *connect.Schema) (out []placed, err error) {
	for _, p := range x.placements {
		at := row.FieldIndex(p.column)
		if at < 0 {
			if x.TableFieldAdditionalMissing == "ignore" {
				continue
			}
			return nil, connect.NoField(p.column, row)
		}
		if p.to == "partition" {
			if _, err := typed(row, p.column, connect.KindInt32); err != nil {
				return nil, err
			}
		}
		out = append(out, placed{p, at, row.Fields()[at].Schema})
	}
	return out, nil
}

// envelopeSchema is the schema of a message that is more than its payload.
func (t *outbox) envelopeSchema(k messageKey) (*connect.Schema, error) {
	b := connect.NewStruct().Name(messageName(t.row.Name(), k.route)).Field("payload", k.payload)
	if k.hasVersion {
		b.Version(k.version)
	}
	for i := range t.placed {
		if p := &t.placed[i]; p.to == "envelope" {
			b.Field(p.name, p.schema)
		}
	}
	return b.Build()
}

// messageName puts the route into the name of the row's schema, before its last
// part.
func messageName(row, route string) string {
	if row == "" {
		return route
	}
	dot := strings.LastIndexByte(row, '.') + 1
	return row[:dot] + route + "." + row[dot:]
}
