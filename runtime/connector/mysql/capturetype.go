package mysql

import (
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// modes are the options that say what the types of columns become.
type modes struct {
	decimal  string // decimal.handling.mode
	time     string // time.precision.mode
	binary   string // binary.handling.mode
	bigint   string // bigint.unsigned.handling.mode
	mariadb  bool
	adjust   bool   // enable.time.adjuster
	failures string // event.converting.failure.handling.mode
}

// family is what a column is in a record; types of one family are read alike.
type family uint8

const (
	unknownFamily family = iota
	boolFamily
	intFamily
	bigFamily // BIGINT UNSIGNED as a decimal
	float32Family
	float64Family
	decimalFamily
	textFamily
	binaryFamily
	bitsFamily
	enumFamily
	setFamily
	jsonFamily
	yearFamily
	dateFamily
	timeFamily
	datetimeFamily
	timestampFamily
	pointFamily
	geometryFamily
	uuidFamily
	inetFamily
	vectorFamily
)

var families = map[string]family{
	"BOOL": boolFamily, "BOOLEAN": boolFamily,
	"TINYINT": intFamily, "INT1": intFamily, "SMALLINT": intFamily, "INT2": intFamily, "MEDIUMINT": intFamily, "INT3": intFamily, "MIDDLEINT": intFamily,
	"INT": intFamily, "INTEGER": intFamily, "INT4": intFamily, "BIGINT": intFamily, "INT8": intFamily,
	"FLOAT": float32Family, "FLOAT4": float32Family, "REAL": float32Family, "DOUBLE": float64Family, "DOUBLE PRECISION": float64Family, "FLOAT8": float64Family,
	"DECIMAL": decimalFamily, "NUMERIC": decimalFamily, "FIXED": decimalFamily, "DEC": decimalFamily,
	"CHAR": textFamily, "VARCHAR": textFamily, "TINYTEXT": textFamily, "TEXT": textFamily, "MEDIUMTEXT": textFamily, "LONGTEXT": textFamily,
	"LONG": textFamily, "LONG VARCHAR": textFamily, "LONG CHAR VARYING": textFamily, "LONG CHARACTER VARYING": textFamily,
	"CHAR VARYING": textFamily, "CHARACTER VARYING": textFamily, "NCHAR": textFamily, "NVARCHAR": textFamily, "NCHAR VARCHAR": textFamily, "NCHAR VARYING": textFamily,
	"NATIONAL CHAR": textFamily, "NATIONAL CHARACTER": textFamily, "NATIONAL VARCHAR": textFamily, "NATIONAL CHAR VARYING": textFamily, "NATIONAL CHARACTER VARYING": textFamily,
	"BINARY": binaryFamily, "VARBINARY": binaryFamily, "CHAR BYTE": binaryFamily, "LONG VARBINARY": binaryFamily,
	"TINYBLOB": binaryFamily, "BLOB": binaryFamily, "MEDIUMBLOB": binaryFamily, "LONGBLOB": binaryFamily,
	"BIT": bitsFamily, "ENUM": enumFamily, "SET": setFamily, "JSON": jsonFamily, "YEAR": yearFamily,
	"DATE": dateFamily, "TIME": timeFamily, "DATETIME": datetimeFamily, "TIMESTAMP": timestampFamily,
	"POINT": pointFamily, "GEOMETRY": geometryFamily, "LINESTRING": geometryFamily, "POLYGON": geometryFamily, "MULTIPOINT": geometryFamily,
	"MULTILINESTRING": geometryFamily, "MULTIPOLYGON": geometryFamily, "GEOMETRYCOLLECTION": geometryFamily, "GEOMCOLLECTION": geometryFamily,
	"UUID": uuidFamily, "INET4": inetFamily, "INET6": inetFamily, "VECTOR": vectorFamily,
}

// base is a type without what is said of its sign.
func (c *columnDef) base() string {
	base, _, _ := strings.Cut(c.typ, " UNSIGNED")
	return base
}

func (c *columnDef) unsigned() bool { return strings.Contains(c.typ, " UNSIGNED") }

func (c *columnDef) family(m modes) family {
	f := families[c.base()]
	switch {
	case f == float32Family && (c.base() == "FLOAT" || c.base() == "FLOAT4") && (c.scale >= 0 || c.length > 24):
		return float64Family
	case f == intFamily && c.unsigned() && m.bigint == "precise" && (c.base() == "BIGINT" || c.base() == "INT8"):
		return bigFamily
	case f == bitsFamily && c.length <= 1:
		return boolFamily
	}
	return f
}

// intKind is the integer that holds a type's numbers; one of 64 bits without a sign
// becomes what its bits are with one.
func (c *columnDef) intKind() connect.Kind {
	kinds := [2]connect.Kind{connect.KindInt64, connect.KindInt64}
	switch c.base() {
	case "TINYINT", "INT1":
		kinds = [2]connect.Kind{connect.KindInt8, connect.KindInt16}
	case "SMALLINT", "INT2":
		kinds = [2]connect.Kind{connect.KindInt16, connect.KindInt32}
	case "MEDIUMINT", "INT3", "MIDDLEINT":
		kinds = [2]connect.Kind{connect.KindInt32, connect.KindInt32}
	case "INT", "INTEGER", "INT4":
		kinds = [2]connect.Kind{connect.KindInt32, connect.KindInt64}
	}
	if c.unsigned() {
		return kinds[1]
	}
	return kinds[0]
}

// named begins the schema of one of Debezium's logical types.
func named(kind connect.Kind, name string) *connect.SchemaBuilder {
	return connect.NewSchema(kind).Name("io.debezium." + name).Version(1)
}

// plainSchema begins a column's schema, without what else is known of the column; nil
// where its type has none.
func (c *columnDef) plainSchema(m modes) *connect.SchemaBuilder {
	switch f := c.family(m); f {
	case boolFamily:
		return connect.NewSchema(connect.KindBool)
	case intFamily:
		return connect.NewSchema(c.intKind())
	case bigFamily:
		return connect.NewDecimal(0).Param("connect.decimal.precision", "20")
	case float32Family:
		return connect.NewSchema(connect.KindFloat32)
	case float64Family:
		return connect.NewSchema(connect.KindFloat64)
	case decimalFamily:
		return c.decimalSchema(m)
	case textFamily, inetFamily:
		return connect.NewSchema(connect.KindString)
	case binaryFamily:
		if m.binary == "bytes" || m.binary == "" {
			return connect.NewSchema(connect.KindBytes)
		}
		return connect.NewSchema(connect.KindString)
	case bitsFamily:
		return named(connect.KindBytes, "data.Bits").Param("length", strconv.Itoa(c.length))
	case enumFamily:
		return named(connect.KindString, "data.Enum").Param("allowed", c.allowed())
	case setFamily:
		return named(connect.KindString, "data.EnumSet").Param("allowed", c.allowed())
	case jsonFamily:
		return named(connect.KindString, "data.Json")
	case uuidFamily:
		return named(connect.KindString, "data.Uuid")
	case yearFamily:
		return named(connect.KindInt32, "time.Year")
	case vectorFamily:
		return connect.NewArray(connect.Float32Schema).Name("io.debezium.data.FloatVector").Version(1)
	case pointFamily, geometryFamily:
		return shapeSchema(f)
	}
	return c.timeSchema(m)
}

func (c *columnDef) decimalSchema(m modes) *connect.SchemaBuilder {
	switch m.decimal {
	case "double":
		return connect.NewSchema(connect.KindFloat64)
	case "string":
		return connect.NewSchema(connect.KindString)
	}
	return connect.NewDecimal(int32(c.scale)).Param("connect.decimal.precision", strconv.Itoa(c.length))
}

// allowed are the values of an ENUM or a SET, as a parameter lists them.
func (c *columnDef) allowed() string {
	escaped := make([]string, len(c.values))
	for i, v := range c.values {
		escaped[i] = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(v)
	}
	return strings.Join(escaped, ",")
}

func shapeSchema(f family) *connect.SchemaBuilder {
	if f == pointFamily {
		return connect.NewStruct().Name("io.debezium.data.geometry.Point").Version(1).Doc("Geometry (POINT)").
			Field("x", connect.Float64Schema).Field("y", connect.Float64Schema).
			Field("wkb", connect.OptionalBytesSchema).Field("srid", connect.OptionalInt32Schema)
	}
	extensions := connect.NewMap(connect.StringSchema, connect.StringSchema).Optional().MustBuild()
	return connect.NewStruct().Name("io.debezium.data.geometry.Geometry").Version(2).Doc("Geometry").Optional().
		Field("wkb", connect.BytesSchema).Field("srid", connect.OptionalInt32Schema).Field("extensions", extensions)
}

// timeSchema is of dates and times, by time.precision.mode.
func (c *columnDef) timeSchema(m modes) *connect.SchemaBuilder {
	f := c.family(m)
	if f == timestampFamily {
		return named(connect.KindString, "time.ZonedTimestamp")
	}
	micro := m.time == "microseconds" || m.time != "nanoseconds" && c.length > 3
	switch {
	case f != dateFamily && f != timeFamily && f != datetimeFamily:
		return nil
	case m.time == "connect":
		return map[family]func() *connect.SchemaBuilder{dateFamily: connect.NewDate, timeFamily: connect.NewTime, datetimeFamily: connect.NewTimestamp}[f]()
	case m.time == "isostring":
		return named(connect.KindString, map[family]string{dateFamily: "time.IsoDate", timeFamily: "time.IsoTime", datetimeFamily: "time.IsoTimestamp"}[f])
	case f == dateFamily:
		return named(connect.KindInt32, "time.Date")
	case f == timeFamily && m.time == "nanoseconds":
		return named(connect.KindInt64, "time.NanoTime")
	case f == timeFamily && m.time == "adaptive" && !micro:
		return named(connect.KindInt32, "time.Time")
	case f == timeFamily:
		return named(connect.KindInt64, "time.MicroTime")
	case m.time == "nanoseconds":
		return named(connect.KindInt64, "time.NanoTimestamp")
	case micro:
		return named(connect.KindInt64, "time.MicroTimestamp")
	}
	return named(connect.KindInt64, "time.Timestamp")
}
