package convert

import (
	"bytes"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// enveloped finds the schema of an envelope, if it is known, and where the
// payload is.
func (r *jsonReader) enveloped(data []byte, at int) (schema *connect.Schema, begin, end int) {
	if at = passByte(data, at, '{'); at == jsontext.Bad {
		return nil, 0, 0
	}
	if at = passLead(data, at, `"schema":`); at == jsontext.Bad || at >= len(data) || data[at] != '{' {
		return nil, 0, 0
	}
	begin = at
	if at = jsontext.PassWord(data, begin, r.schemas.last); at > begin {
		schema = r.schemas.v
	} else if at = jsontext.Pass(data, begin); at != jsontext.Bad {
		schema, _ = r.schemas.get(connect.Text(data[begin:at]).Str()) // aliased for the look-up alone
	}
	if schema == nil {
		return nil, 0, 0
	}
	if at = passByte(data, at, ','); at == jsontext.Bad {
		return nil, 0, 0
	}
	begin, end = passLead(data, at, `"payload":`), len(data)-1
	for end > 0 && data[end] <= ' ' {
		end--
	}
	if begin == jsontext.Bad || data[end] != '}' || begin > end {
		return nil, 0, 0
	}
	return schema, begin, end
}

// passByte passes over a byte and the space around it.
func passByte(data []byte, at int, c byte) int {
	if at = jsontext.PassSpace(data, at); at >= len(data) || data[at] != c {
		return jsontext.Bad
	}
	return jsontext.PassSpace(data, at+1)
}

// passLead passes over a name, as it is with its quotes and the colon, and the
// space around that.
func passLead(data []byte, at int, lead string) int {
	if end := jsontext.PassWord(data, at, lead); end != jsontext.Bad {
		return jsontext.PassSpace(data, end)
	}
	if at = jsontext.PassWord(data, at, lead[:len(lead)-1]); at == jsontext.Bad {
		return at
	}
	return jsontext.PassColon(data, at)
}

// pass passes over the payload, and finds the fields that are made.
func (p *part) pass(r *jsonReader, data []byte, at int) int {
	if at >= len(data) || data[at] != '{' {
		return jsontext.Bad
	}
	if p.round++; p.round == 0 {
		p.forget()
	}
	p.seen = 0
	at = jsontext.PassSpace(data, at+1)
	if at < len(data) && data[at] == '}' {
		return p.missing(at + 1)
	}
	for next := 0; ; {
		var i int
		if i, at = p.name(data, at, next); at == jsontext.Bad {
			return at
		}
		if at = p.value(r, data, at, i); at == jsontext.Bad {
			return at
		}
		next = i + 1
		var more bool
		if at, more = jsontext.PassComma(data, at, '}'); !more {
			return p.missing(at)
		}
	}
}

// name reads a member's name: the field of that name, or -1. The field that is
// expected next mostly comes.
func (p *part) name(data []byte, at, next int) (i, end int) {
	if next < len(p.fields) && p.fields[next].lead != "" {
		if end = passLead(data, at, p.fields[next].lead); end != jsontext.Bad {
			return next, end
		}
	}
	if at >= len(data) || data[at] != '"' {
		return -1, jsontext.Bad
	}
	end = jsontext.PassString(data, at)
	if end == jsontext.Bad || bytes.IndexByte(data[at:end], '\\') >= 0 {
		return -1, jsontext.Bad
	}
	name := connect.Text(data[at+1 : end-1]).Str() // aliased for the look-up alone
	return p.schema.Whole().FieldIndex(name), jsontext.PassColon(data, end)
}

// value passes over the value of a field; of none, where i is -1.
func (p *part) value(r *jsonReader, data []byte, at, i int) int {
	if i < 0 {
		return jsontext.Pass(data, at)
	}
	f := &p.fields[i]
	if f.round != p.round {
		f.round = p.round
		p.seen++
	}
	if f.slot < 0 {
		return r.fits(f.Schema, data, at, 0)
	}
	f.begin, f.end = at, jsontext.Pass(data, at)
	return f.end
}

// missing is Bad where a field is missing that is not made and has to be there.
func (p *part) missing(at int) int {
	if p.seen == len(p.fields) {
		return at
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.round != p.round && f.slot < 0 && !f.absent {
			return jsontext.Bad
		}
	}
	return at
}

// forget is for when the count of messages begins anew.
func (p *part) forget() {
	p.round = 1
	for i := range p.fields {
		p.fields[i].round = 0
	}
}
