package convert

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Converter = ByteArray{}

// Open gives the codec; it has no state and no errors.
func (ByteArray) Open(connect.Role) (connect.Codec, error) { return byteArrayCodec{}, nil }

type byteArrayCodec struct{}

// Encode gives the bytes themselves, without a copy.
func (byteArrayCodec) Encode(_ *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	if d.Schema != nil && d.Schema.Kind() != connect.KindBytes {
		return nil, fmt.Errorf("convert: write bytes: the data's schema says %v, and ByteArray takes bytes alone", d.Schema.Kind())
	}
	switch d.Value.Kind() {
	case connect.KindNull:
		return nil, nil
	case connect.KindBytes:
		return d.Value.Raw(), nil
	}
	return nil, fmt.Errorf("convert: write bytes: the data are %v, and ByteArray takes bytes alone", d.Value.Kind())
}

// Decode gives the bytes themselves, without a copy.
func (byteArrayCodec) Decode(_ string, data []byte) (connect.Datum, error) {
	d := connect.Datum{Schema: connect.OptionalBytesSchema}
	if data != nil {
		d.Value = connect.Bytes(data)
	}
	return d, nil
}
