package convert

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Converter = String{}

// Open gives the codec. An encoding that is not known is an error; none is
// UTF-8.
func (s String) Open(connect.Role) (connect.Codec, error) {
	if s.Encoding == "" || s.Encoding == "UTF-8" {
		return utf8Codec{}, nil
	}
	set, ok := charsets[s.Encoding]
	if !ok {
		return nil, fmt.Errorf("convert: open String: unknown encoding %q", s.Encoding)
	}
	return &charsetCodec{charset: set}, nil
}

// utf8Codec needs to change nothing: text is UTF-8 already.
type utf8Codec struct{}

func (utf8Codec) Encode(buf *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	switch d.Value.Kind() {
	case connect.KindString:
		return d.Value.Raw(), nil
	case connect.KindNull:
		return nil, nil
	}
	text, err := connect.AppendJava(buf.Start(), d.Value)
	if err != nil {
		return nil, fmt.Errorf("convert: write text: %w", err)
	}
	return buf.Finish(text), nil
}

func (utf8Codec) Decode(_ string, data []byte) (connect.Datum, error) {
	return text(data), nil
}

// text is the datum that reading gives.
func text(data []byte) connect.Datum {
	d := connect.Datum{Schema: connect.OptionalStringSchema}
	if data != nil {
		d.Value = connect.Text(data)
	}
	return d
}

// charsetCodec is for every other encoding.
type charsetCodec struct {
	charset
	utf8    utf8Codec
	scratch connect.Buffer
}

func (c *charsetCodec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	text, err := c.utf8.Encode(&c.scratch, topic, d)
	if text == nil || err != nil {
		return nil, err
	}
	return buf.Finish(c.encode(buf.Start(), text)), nil
}

func (c *charsetCodec) Decode(_ string, data []byte) (connect.Datum, error) {
	if data == nil {
		return text(nil), nil
	}
	return text(c.decode(make([]byte, 0, len(data)+len(data)/2), data)), nil
}
