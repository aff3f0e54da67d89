package mysql

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// cell is one value of a row before it has Kafka Connect's type: what the log, or the
// text of a snapshot, holds. Bytes alias what they were read from.
type cell struct {
	kind cellKind
	i    int64   // integers, bits, the number of an ENUM, the bits of a SET, microseconds of a TIME, seconds of a TIMESTAMP
	f    float64 // FLOAT and DOUBLE
	b    []byte  // texts, bytes, decimals as text
	at   moment
	// rolls has a day that no calendar has be the next that one has: so do snapshots of
	// Debezium, while its logs fail.
	rolls bool
}

type cellKind uint8

const (
	nullCell cellKind = iota
	intCell
	unsignedCell // an integer of 64 bits without a sign
	floatCell
	decimalCell // digits in b
	bytesCell   // in the column's character set, where it has one
	utf8Cell    // as the server tells it to us
	dateCell
	datetimeCell
	timestampCell
	timeCell
	yearCell
	bitCell // big-endian in b
	enumCell
	setCell
	jsonCell // binary JSON in b
)

// moment is a date and a time as they are written; it may be none, such as
// 0000-00-00.
type moment struct {
	year                             int32
	month, day, hour, minute, second uint8
	micro                            int32
}

var errShortRow = errors.New("the row is shorter than its table says")

// physical is how a column stands in the rows of an event: its type in the table map
// and what belongs to it.
type physical struct {
	typ  byte
	meta uint16
}

// physicalOf unpacks the type of CHAR, ENUM and SET, which share one.
func physicalOf(typ byte, meta uint16) physical {
	if typ != mysql.MYSQL_TYPE_STRING || meta < 256 {
		return physical{typ, meta}
	}
	real, length := byte(meta>>8), meta&0xff
	if real&0x30 != 0x30 {
		return physical{real | 0x30, length | (uint16(real&0x30)^0x30)<<4}
	}
	return physical{real, length}
}

// read takes a value from the beginning of b, and says how long it was.
func (p physical) read(b []byte, unsigned bool) (c cell, n int, err error) {
	if n, err = p.size(b); err != nil {
		return c, 0, err
	}
	v := b[:n]
	switch p.typ {
	case mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_LONGLONG:
		return integer(v, unsigned), n, nil
	case mysql.MYSQL_TYPE_FLOAT:
		return cell{kind: floatCell, f: float64(math.Float32frombits(binary.LittleEndian.Uint32(v)))}, n, nil
	case mysql.MYSQL_TYPE_DOUBLE:
		return cell{kind: floatCell, f: math.Float64frombits(binary.LittleEndian.Uint64(v))}, n, nil
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		text, err := decimalText(v, int(p.meta>>8), int(p.meta&0xff))
		return cell{kind: decimalCell, b: text}, n, err
	case mysql.MYSQL_TYPE_YEAR:
		return cell{kind: yearCell, i: 1900 + int64(v[0])}, n, nil
	case mysql.MYSQL_TYPE_BIT:
		return cell{kind: bitCell, b: v}, n, nil
	case mysql.MYSQL_TYPE_ENUM:
		return cell{kind: enumCell, i: int64(littleEndian(v))}, n, nil
	case mysql.MYSQL_TYPE_SET:
		return cell{kind: setCell, i: int64(littleEndian(v))}, n, nil
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING, mysql.MYSQL_TYPE_STRING:
		return cell{kind: bytesCell, b: v[p.prefix():]}, n, nil
	case mysql.MYSQL_TYPE_BLOB, mysql.MYSQL_TYPE_TINY_BLOB, mysql.MYSQL_TYPE_MEDIUM_BLOB, mysql.MYSQL_TYPE_LONG_BLOB, mysql.MYSQL_TYPE_GEOMETRY, mysql.MYSQL_TYPE_VECTOR:
		return cell{kind: bytesCell, b: v[p.meta:]}, n, nil
	case mysql.MYSQL_TYPE_JSON:
		return cell{kind: jsonCell, b: v[p.meta:]}, n, nil
	}
	c, err = p.readTime(v)
	return c, n, err
}

// prefix is how many bytes hold the length of a text.
func (p physical) prefix() int {
	if p.meta < 256 {
		return 1
	}
	return 2
}

// size is how many bytes the value at the beginning of b has.
func (p physical) size(b []byte) (int, error) {
	n := 0
	switch p.typ {
	case mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_YEAR:
		n = 1
	case mysql.MYSQL_TYPE_SHORT:
		n = 2
	case mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE, mysql.MYSQL_TYPE_TIME:
		n = 3
	case mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_FLOAT, mysql.MYSQL_TYPE_TIMESTAMP:
		n = 4
	case mysql.MYSQL_TYPE_LONGLONG, mysql.MYSQL_TYPE_DOUBLE, mysql.MYSQL_TYPE_DATETIME:
		n = 8
	case mysql.MYSQL_TYPE_TIMESTAMP2:
		n = 4 + p.fraction()
	case mysql.MYSQL_TYPE_DATETIME2:
		n = 5 + p.fraction()
	case mysql.MYSQL_TYPE_TIME2:
		n = 3 + p.fraction()
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		n = decimalSize(int(p.meta>>8), int(p.meta&0xff))
	case mysql.MYSQL_TYPE_BIT:
		n = (int(p.meta>>8)*8 + int(p.meta&0xff) + 7) / 8
	case mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET:
		n = int(p.meta & 0xff)
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING, mysql.MYSQL_TYPE_STRING:
		return withLength(b, p.prefix())
	case mysql.MYSQL_TYPE_BLOB, mysql.MYSQL_TYPE_TINY_BLOB, mysql.MYSQL_TYPE_MEDIUM_BLOB, mysql.MYSQL_TYPE_LONG_BLOB,
		mysql.MYSQL_TYPE_GEOMETRY, mysql.MYSQL_TYPE_JSON, mysql.MYSQL_TYPE_VECTOR:
		return withLength(b, int(p.meta))
	default:
		return 0, fmt.Errorf("the log's type %d is not known", p.typ)
	}
	if n > len(b) || n > 64 {
		return 0, errShortRow
	}
	return n, nil
}

func (p physical) fraction() int { return int(p.meta+1) / 2 }

// withLength is the size of a value with its length before it.
func withLength(b []byte, prefix int) (int, error) {
	if prefix > len(b) || prefix > 4 {
		return 0, errShortRow
	}
	n := prefix + int(littleEndian(b[:prefix]))
	if n > len(b) {
		return 0, errShortRow
	}
	return n, nil
}

func littleEndian(b []byte) (n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func integer(b []byte, unsigned bool) cell {
	n := littleEndian(b)
	switch {
	case unsigned && len(b) == 8:
		return cell{kind: unsignedCell, i: int64(n)}
	case unsigned:
		return cell{kind: intCell, i: int64(n)}
	}
	shift := 64 - 8*len(b)
	return cell{kind: intCell, i: int64(n<<shift) >> shift}
}

// readTime reads dates and times, of the two ways in which they are kept.
func (p physical) readTime(v []byte) (c cell, err error) {
	switch p.typ {
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE:
		n := littleEndian(v)
		return cell{kind: dateCell, at: moment{year: int32(n >> 9), month: uint8(n >> 5 & 15), day: uint8(n & 31)}}, nil
	case mysql.MYSQL_TYPE_TIME:
		n := int64(int32(littleEndian(v)<<8)) >> 8
		sign := int64(1)
		if n < 0 {
			sign, n = -1, -n
		}
		return cell{kind: timeCell, i: sign * (n/10000*3600 + n/100%100*60 + n%100) * 1e6}, nil
	case mysql.MYSQL_TYPE_TIMESTAMP:
		return cell{kind: timestampCell, i: int64(littleEndian(v))}, nil
	case mysql.MYSQL_TYPE_DATETIME:
		n := littleEndian(v)
		return cell{kind: datetimeCell, at: moment{
			year: int32(n / 1e10), month: uint8(n / 1e8 % 100), day: uint8(n / 1e6 % 100),
			hour: uint8(n / 1e4 % 100), minute: uint8(n / 100 % 100), second: uint8(n % 100),
		}}, nil
	case mysql.MYSQL_TYPE_TIMESTAMP2:
		return cell{kind: timestampCell, i: int64(bigEndian(v[:4])), at: moment{micro: p.micros(v[4:])}}, nil
	case mysql.MYSQL_TYPE_DATETIME2:
		n := bigEndian(v[:5]) &^ (1 << 39)
		date, clock := n>>17, n&(1<<17-1)
		return cell{kind: datetimeCell, at: moment{
			year: int32(date >> 5 / 13), month: uint8(date >> 5 % 13), day: uint8(date & 31),
			hour: uint8(clock >> 12), minute: uint8(clock >> 6 & 63), second: uint8(clock & 63), micro: p.micros(v[5:]),
		}}, nil
	case mysql.MYSQL_TYPE_TIME2:
		return cell{kind: timeCell, i: p.time2(v)}, nil
	}
	return c, fmt.Errorf("the log's type %d is not known", p.typ)
}

// micros are the microseconds of a fraction of one to three bytes.
func (p physical) micros(b []byte) int32 {
	n := int32(bigEndian(b))
	switch len(b) {
	case 1:
		return n * 10000
	case 2:
		return n * 100
	}
	return n
}

// time2 is a TIME in microseconds: a number about an offset, so that it sorts.
func (p physical) time2(v []byte) int64 {
	n := int64(bigEndian(v)) - 1<<(8*len(v)-1)
	sign := int64(1)
	if n < 0 {
		sign, n = -1, -n
	}
	bits := 8 * p.fraction()
	micro := int64(n & (1<<bits - 1))
	switch p.fraction() {
	case 1:
		micro *= 10000
	case 2:
		micro *= 100
	}
	n >>= bits
	return sign * (((n>>12&1023)*3600+(n>>6&63)*60+n&63)*1e6 + micro)
}
