package mysql

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"kcgen.dev/runtime/connect"
)

// The types of MySQL's binary JSON.
const (
	jsonSmallObject = iota
	jsonLargeObject
	jsonSmallArray
	jsonLargeArray
	jsonLiteral
	jsonInt16
	jsonUint16
	jsonInt32
	jsonUint32
	jsonInt64
	jsonUint64
	jsonDouble
	jsonString
	jsonOpaque = 15
)

// jsonDepth is how deep the server lets documents be; a deeper one is not its.
const jsonDepth = 100

// jsonSizes are how many bytes values of these types have.
var jsonSizes = [...]int{jsonLiteral: 1, jsonInt16: 2, jsonUint16: 2, jsonInt32: 4, jsonUint32: 4, jsonInt64: 8, jsonUint64: 8, jsonDouble: 8}

var errJSON = errors.New("its binary JSON is damaged")

// jsonWriter writes a binary document as text, without spaces.
type jsonWriter struct{ out []byte }

// jsonText is a binary document as text.
func jsonText(b []byte) ([]byte, error) {
	w := &jsonWriter{out: make([]byte, 0, len(b))}
	if err := w.value(b[0], b[1:], 0); err != nil {
		return nil, err
	}
	return w.out, nil
}

func (w *jsonWriter) value(typ byte, b []byte, depth int) error {
	if depth > jsonDepth {
		return errors.New("its JSON is too deep")
	}
	if int(typ) < len(jsonSizes) && len(b) < jsonSizes[typ] {
		return errJSON
	}
	switch typ {
	case jsonSmallObject, jsonLargeObject, jsonSmallArray, jsonLargeArray:
		return w.container(typ, b, depth)
	case jsonLiteral:
		return w.literal(b[0])
	case jsonInt16:
		w.int(int64(int16(binary.LittleEndian.Uint16(b))))
	case jsonUint16:
		w.int(int64(binary.LittleEndian.Uint16(b)))
	case jsonInt32:
		w.int(int64(int32(binary.LittleEndian.Uint32(b))))
	case jsonUint32:
		w.int(int64(binary.LittleEndian.Uint32(b)))
	case jsonInt64:
		w.int(int64(binary.LittleEndian.Uint64(b)))
	case jsonUint64:
		w.out = strconv.AppendUint(w.out, binary.LittleEndian.Uint64(b), 10)
	case jsonDouble:
		w.double(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case jsonString:
		text, err := jsonBytes(b)
		if err != nil {
			return err
		}
		w.string(string(text))
	case jsonOpaque:
		return w.opaque(b)
	default:
		return errJSON
	}
	return nil
}

func (w *jsonWriter) int(n int64) { w.out = strconv.AppendInt(w.out, n, 10) }

func (w *jsonWriter) literal(b byte) error {
	words := [...]string{"null", "true", "false"}
	if int(b) >= len(words) {
		return errJSON
	}
	w.out = append(w.out, words[b]...)
	return nil
}

// double writes a number as Java does, but never with an exponent.
func (w *jsonWriter) double(f float64) {
	text := connect.AppendFloat64(nil, f)
	if !strings.ContainsRune(string(text), 'E') {
		w.out = append(w.out, text...)
		return
	}
	exact := new(big.Float).SetMode(big.ToNearestEven).SetFloat64(f)
	w.out = exact.Append(w.out, 'f', exactDigits(f))
}

// exactDigits is how many digits behind the point a number has when it is written
// whole.
func exactDigits(f float64) int {
	_, exponent := math.Frexp(f)
	mantissa := math.Float64bits(f)&(1<<52-1) | 1<<52
	zeros := 0
	for ; mantissa&1 == 0; mantissa >>= 1 {
		zeros++
	}
	return max(53-exponent-zeros, 0)
}

// jsonBytes are bytes with their length before them: seven bits a byte.
func jsonBytes(b []byte) ([]byte, error) {
	n, shift := 0, 0
	for i, c := range b {
		if i > 4 {
			break
		}
		n |= int(c&0x7f) << shift
		shift += 7
		if c&0x80 == 0 {
			if n > len(b)-i-1 {
				return nil, errJSON
			}
			return b[i+1 : i+1+n], nil
		}
	}
	return nil, errJSON
}

// container writes an object or an array. Both begin with their number of elements
// and their size; then come, of an object, where each name is, and where each value
// is, unless it is so small that it stands there itself.
func (w *jsonWriter) container(typ byte, b []byte, depth int) error {
	size := 2
	if typ == jsonLargeObject || typ == jsonLargeArray {
		size = 4
	}
	if len(b) < 2*size {
		return errJSON
	}
	object := typ == jsonSmallObject || typ == jsonLargeObject
	count := int(littleEndian(b[:size]))
	if total := int(littleEndian(b[size : 2*size])); total > len(b) {
		return errJSON
	} else if total >= 2*size {
		b = b[:total]
	}
	names, values := 2*size, 2*size
	if object {
		values += count * (size + 2)
	}
	if count > len(b) || values+count*(1+size) > len(b) {
		return errJSON
	}
	brackets := "[]"
	if object {
		brackets = "{}"
	}
	w.out = append(w.out, brackets[0])
	for i := range count {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if object {
			if err := w.name(b, b[names+i*(size+2):], size); err != nil {
				return err
			}
		}
		if err := w.element(b, b[values+i*(1+size):], size, depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, brackets[1])
	return nil
}

func (w *jsonWriter) name(b, entry []byte, size int) error {
	at, n := int(littleEndian(entry[:size])), int(littleEndian(entry[size:size+2]))
	if at > len(b) || n > len(b)-at {
		return errJSON
	}
	w.string(string(b[at : at+n]))
	w.out = append(w.out, ':')
	return nil
}

func (w *jsonWriter) element(b, entry []byte, size, depth int) error {
	typ := entry[0]
	if typ == jsonLiteral || typ == jsonInt16 || typ == jsonUint16 || size == 4 && (typ == jsonInt32 || typ == jsonUint32) {
		return w.value(typ, entry[1:1+size], depth+1)
	}
	at := int(littleEndian(entry[1 : 1+size]))
	if at >= len(b) || at == 0 {
		return errJSON
	}
	return w.value(typ, b[at:], depth+1)
}

const hexDigits = "0123456789ABCDEF"

func (w *jsonWriter) string(s string) {
	w.out = append(w.out, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c >= 0x20:
			w.out = append(w.out, c)
		case strings.IndexByte("\b\t\f\n\r", c) >= 0:
			w.out = append(w.out, '\\', "btfnr"[strings.IndexByte("\b\t\f\n\r", c)])
		default:
			w.out = append(w.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	w.out = append(w.out, '"')
}

// opaque writes what is of a type that JSON has not: decimals, times, bytes.
func (w *jsonWriter) opaque(b []byte) error {
	if len(b) < 1 {
		return errJSON
	}
	typ := b[0]
	b, err := jsonBytes(b[1:])
	if err != nil {
		return err
	}
	switch typ {
	case mysql.MYSQL_TYPE_NEWDECIMAL, mysql.MYSQL_TYPE_DECIMAL:
		if len(b) < 2 || decimalSize(int(b[0]), int(b[1])) > len(b)-2 {
			return errJSON
		}
		text, err := decimalText(b[2:], int(b[0]), int(b[1]))
		w.out = append(w.out, text...)
		return err
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_TIME:
		if len(b) < 8 {
			return errJSON
		}
		w.time(typ, int64(binary.LittleEndian.Uint64(b)))
		return nil
	}
	w.out = append(w.out, '"')
	w.out = base64.StdEncoding.AppendEncode(w.out, b)
	w.out = append(w.out, '"')
	return nil
}

// time writes a packed date or time: 24 bits of microseconds, and above them a clock
// of 17 bits and a date. Debezium leaves out zeros at the end of a fraction.
func (w *jsonWriter) time(typ byte, n int64) {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	micro, clock := n&(1<<24-1), n>>24
	date, hour := clock>>17, clock>>12&31
	if typ == mysql.MYSQL_TYPE_TIME {
		date, hour = 0, clock>>12&1023
	}
	text := `"`
	if typ != mysql.MYSQL_TYPE_TIME {
		text += fmt.Sprintf("%04d-%02d-%02d", date>>5/13, date>>5%13, date&31)
	}
	if typ == mysql.MYSQL_TYPE_DATETIME || typ == mysql.MYSQL_TYPE_TIMESTAMP {
		text += " "
	}
	if typ != mysql.MYSQL_TYPE_DATE {
		text += fmt.Sprintf("%s%02d:%02d:%02d", sign, hour, clock>>6&63, clock&63)
		if micro > 0 {
			text += strings.TrimRight(fmt.Sprintf(".%06d", micro), "0")
		}
	}
	w.out = append(w.out, text+`"`...)
}
