package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// decoder makes a value of what the wire has. b is the connection's and is gone
// with the next row.
type decoder func(s *state, b []byte) (connect.Value, error)

// state is what the decoders of a query share.
type state struct {
	buffer   connect.Buffer
	decimals []database.SmallDecimal
	digits   int  // behind the point of an amount of money
	anyBytes bool // the database does not know what its texts are (SQL_ASCII)
}

// keep copies bytes to where they may stay.
func (s *state) keep(b []byte) []byte { return s.buffer.Finish(append(s.buffer.Start(), b...)) }

var (
	errLength = errors.New("the server has sent a value of another length than its type has")
	errUTF8   = errors.New("the text is no UTF-8, and its database (SQL_ASCII) does not say what it is")
)

func decodeBool(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 1 {
		return connect.Null, errLength
	}
	return connect.Bool(b[0] != 0), nil
}

func decodeInt2(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 2 {
		return connect.Null, errLength
	}
	return connect.Int16(int16(binary.BigEndian.Uint16(b))), nil
}

func decodeInt4(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 4 {
		return connect.Null, errLength
	}
	return connect.Int32(int32(binary.BigEndian.Uint32(b))), nil
}

func decodeInt8(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 8 {
		return connect.Null, errLength
	}
	return connect.Int64(int64(binary.BigEndian.Uint64(b))), nil
}

func decodeOID(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 4 {
		return connect.Null, errLength
	}
	return connect.Int64(int64(binary.BigEndian.Uint32(b))), nil
}

func decodeFloat4(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 4 {
		return connect.Null, errLength
	}
	return connect.Float32(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
}

func decodeFloat8(_ *state, b []byte) (connect.Value, error) {
	if len(b) != 8 {
		return connect.Null, errLength
	}
	return connect.Float64(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
}

func decodeBytes(s *state, b []byte) (connect.Value, error) { return connect.Bytes(s.keep(b)), nil }

func decodeText(s *state, b []byte) (connect.Value, error) {
	if s.anyBytes && !utf8.Valid(b) {
		return connect.Null, errUTF8
	}
	return connect.Text(s.keep(b)), nil
}

func decodeUUID(s *state, b []byte) (connect.Value, error) {
	if len(b) != 16 {
		return connect.Null, errLength
	}
	dst := s.buffer.Start()
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst, b = hex.AppendEncode(dst, b[:n]), b[n:]
	}
	return connect.PlainText(s.buffer.Finish(dst)), nil
}

// decodeJSONB leaves out the version that stands before the text.
func decodeJSONB(s *state, b []byte) (connect.Value, error) {
	if len(b) < 1 || b[0] != 1 {
		return connect.Null, errors.New("the server has sent a jsonb of a version that is not known")
	}
	return decodeText(s, b[1:])
}

// decodeMoney is what the JDBC driver makes of an amount: a float64.
func decodeMoney(s *state, b []byte) (connect.Value, error) {
	if len(b) != 8 {
		return connect.Null, errLength
	}
	return connect.Float64(float64(int64(binary.BigEndian.Uint64(b))) / math.Pow10(s.digits)), nil
}

// bits checks a bit string: how many there are, and the bits.
func bits(b []byte) (int, []byte, error) {
	if len(b) < 4 {
		return 0, nil, errLength
	}
	n := int(int32(binary.BigEndian.Uint32(b)))
	if n < 0 || len(b)-4 != (n+7)/8 {
		return 0, nil, errLength
	}
	return n, b[4:], nil
}

func decodeBit(_ *state, b []byte) (connect.Value, error) {
	n, data, err := bits(b)
	if err != nil || n != 1 {
		return connect.Null, errors.Join(err, checkBits(n, 1, 1))
	}
	return connect.Bool(data[0]&0x80 != 0), nil
}

// decodeBits8 reads the bits as a number; of eight the first is its sign.
func decodeBits8(_ *state, b []byte) (connect.Value, error) {
	n, data, err := bits(b)
	if err != nil || n < 1 || n > 8 {
		return connect.Null, errors.Join(err, checkBits(n, 1, 8))
	}
	return connect.Int8(int8(data[0] >> (8 - n))), nil
}

// decodeBits gives the bits from the first on, filled up with zeros.
func decodeBits(s *state, b []byte) (connect.Value, error) {
	_, data, err := bits(b)
	if err != nil {
		return connect.Null, err
	}
	return connect.Bytes(s.keep(data)), nil
}

func checkBits(n, low, high int) error {
	if n < low || n > high {
		return fmt.Errorf("%d bits where the column's type has %d to %d", n, low, high)
	}
	return nil
}
