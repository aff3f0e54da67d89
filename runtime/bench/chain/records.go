package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
)

//go:embed original/Original.java
var original []byte

// distinct is how many records a file holds: enough that none of the programs'
// caches of strings helps, few enough to stay in memory.
const distinct = 10_000

// schema is that of the records, in the envelope's form.
func schema(more int) string {
	var b strings.Builder
	b.WriteString(`{"type":"struct","optional":false,"name":"bench.Order","fields":[` +
		`{"type":"int64","optional":false,"field":"id"},{"type":"string","optional":true,"field":"cust"},` +
		`{"type":"string","optional":true,"field":"card"},{"type":"double","optional":false,"field":"amount"},` +
		`{"type":"boolean","optional":false,"field":"paid"},{"type":"string","optional":true,"field":"debug"},` +
		`{"type":"array","items":{"type":"string","optional":false},"optional":false,"field":"tags"}`)
	for i := range more {
		fmt.Fprintf(&b, `,{"type":"string","optional":true,"field":"line%02d"}`, i)
	}
	b.WriteString("]}")
	return b.String()
}

// records makes a file of orders, a line each, of about the size that is asked.
func records(c benchCase) []byte {
	more := max(1, (c.size-140)/60) // lines of 60 bytes, name included
	envelope := schema(more)
	var b bytes.Buffer
	for i := range distinct {
		if c.envelope {
			fmt.Fprintf(&b, `{"schema":%s,"payload":`, envelope)
		}
		fmt.Fprintf(&b, `{"id":%d,"cust":"customer %06d","card":"4000 1234 %08d","amount":%d.25,"paid":%t,"debug":"x","tags":["web","new"]`,
			1_000_000+i, i*7%distinct, i*13, i%1000, i%2 == 0)
		for k := range more {
			fmt.Fprintf(&b, `,"line%02d":"%s %06d"`, k, "two pieces of article number with ten", (i+k)*31%1_000_000)
		}
		b.WriteByte('}')
		if c.envelope {
			b.WriteByte('}')
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
