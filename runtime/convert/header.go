package convert

import (
	"errors"

	"kcgen.dev/runtime/connect"
)

var _ connect.Converter = SimpleHeader{}

// Open gives the codec. It is an error for keys and values.
func (SimpleHeader) Open(role connect.Role) (connect.Codec, error) {
	if role != connect.RoleHeader {
		return nil, errors.New("convert: open SimpleHeader: it is for headers alone, not for the " + role.String() + "s of records")
	}
	return &simpleHeaderCodec{}, nil
}

type simpleHeaderCodec struct{ unread bool }

var _ connect.Projects = (*simpleHeaderCodec)(nil)

// Project has headers that nobody reads not looked at: no text is an error.
func (c *simpleHeaderCodec) Project(r connect.Reading) {
	c.unread = !r.All() && r.Only != nil && len(r.Only) == 0
}

// Encode gives a string's own bytes, and the text of everything else.
func (*simpleHeaderCodec) Encode(buf *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	switch d.Value.Kind() {
	case connect.KindString:
		return d.Value.Raw(), nil
	case connect.KindNull:
		return nil, nil
	}
	return buf.Finish(connect.FormatValue(buf.Start(), d.Value)), nil
}

// Decode finds out what the text is. Strings alias data.
func (c *simpleHeaderCodec) Decode(_ string, data []byte) (connect.Datum, error) {
	if data == nil || c.unread {
		return connect.Datum{}, nil
	}
	return connect.ParseValue(connect.Text(data).Str()), nil
}
