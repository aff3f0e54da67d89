package transform

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = TimestampConverter{}

// Open compiles the pattern, and gives the function that converts.
func (x TimestampConverter) Open() (connect.Apply, error) {
	part, err := partOf(x.On)
	var c *timestampConverter
	if err == nil {
		c, err = x.converter()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open TimestampConverter: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		if err := c.apply(part(r)); err != nil {
			return false, fmt.Errorf("transform: TimestampConverter on the %s: %w", x.On, err)
		}
		return true, nil
	}, nil
}

// Flow gives what is converted its new type, nulls too.
func (x TimestampConverter) Flow(s *connect.Shape) error {
	c, err := x.converter()
	if err != nil {
		return err
	}
	f := formOf(x.On, s)
	if c.fields != nil {
		return ofOption("field", withNulls(f, c.fields.becomes))
	}
	return withNulls(f, func(in *connect.Schema) (*connect.Schema, error) {
		out, err := c.schema(in)
		if err == nil {
			err = c.fits(in)
		}
		return out, err
	})
}

func (x TimestampConverter) converter() (*timestampConverter, error) {
	c := &timestampConverter{full: x.FullPrecision}
	return c, c.configure(x)
}

// timestampTypes are the schemas of the results, required and optional.
var timestampTypes = map[string][2]*connect.Schema{
	"string":    {connect.StringSchema, connect.OptionalStringSchema},
	"unix":      {connect.Int64Schema, connect.OptionalInt64Schema},
	"Date":      {connect.DateSchema, connect.OptionalDateSchema},
	"Time":      {connect.TimeSchema, connect.OptionalTimeSchema},
	"Timestamp": {connect.TimestampSchema, connect.OptionalTimestampSchema},
}

// unixUnits are the units of unix time, in nanoseconds.
var unixUnits = map[string]int64{"seconds": 1e9, "": 1e6, "milliseconds": 1e6, "microseconds": 1e3, "nanoseconds": 1}

type timestampConverter struct {
	target string
	types  [2]*connect.Schema
	format *connect.DateFormat // nil: none is given
	unit   int64               // of unix time, in nanoseconds
	full   bool                // what is finer than milliseconds stays
	fields *rewriter           // nil: the whole key or value is converted
	text   connect.Buffer
}

func (c *timestampConverter) configure(x TimestampConverter) (err error) {
	var ok bool
	c.target = x.TargetType
	if c.types, ok = timestampTypes[x.TargetType]; !ok {
		return fmt.Errorf("targetType %q is none", x.TargetType)
	}
	if c.unit, ok = unixUnits[x.UnixPrecision]; !ok {
		return fmt.Errorf("unixPrecision %q is none", x.UnixPrecision)
	}
	switch {
	case strings.TrimSpace(x.Format) != "":
		if c.format, err = connect.NewDateFormat(x.Format); err != nil {
			return err
		}
		if c.full {
			c.format = c.format.Fraction()
		}
	case x.TargetType == "string":
		return errors.New("text needs a format")
	}
	if x.Field == "" {
		return nil
	}
	path, err := parseFieldPath(x.Field, x.FieldSyntaxVersion)
	if err != nil {
		return err
	}
	root := &branch{}
	root.at(path).change = true
	c.fields = (&rewriter{
		root: root, replaceNull: x.ReplaceNullWithDefault, optional: true,
		schema: func(_ *branch, in *connect.Schema) (*connect.Schema, error) { return c.schema(in) },
		value: func(_ *branch, s *connect.Schema, v connect.Value) (connect.Value, error) {
			return c.convert(s, v)
		},
		fits: func(_ *branch, in *connect.Schema) error { return c.fits(in) },
	}).open()
	return nil
}

func (c *timestampConverter) apply(d *connect.Datum) error {
	if c.fields == nil {
		return c.whole(d)
	}
	if !d.IsNull() {
		return c.fields.rewrite(d)
	}
	if d.Schema == nil {
		return nil
	}
	if d.Schema.Kind() != connect.KindStruct {
		return fmt.Errorf("only a struct has fields where there is a schema, and this is %v", d.Schema)
	}
	p, err := c.fields.plans.of(d.Schema)
	if err == nil {
		d.Schema = p.out
	}
	return err
}

func (c *timestampConverter) whole(d *connect.Datum) error {
	out := d.Schema
	if out != nil {
		var err error
		if out, err = c.schema(out); err != nil {
			return err
		}
	}
	v, err := c.convert(d.Schema, d.Value)
	if err != nil {
		return err
	}
	d.Schema, d.Value = out, v
	return nil
}

// schema is the schema of the result.
func (c *timestampConverter) schema(in *connect.Schema) (*connect.Schema, error) {
	if timestampKind(in) == connect.KindNull {
		return nil, fmt.Errorf("%v is no schema of a timestamp", in)
	}
	if in.IsOptional() {
		return c.types[1], nil
	}
	return c.types[0], nil
}

var errNoFormat = connect.OptionErrorf("format", "text cannot be read without a format")

// fits is why no timestamp of a schema can be read.
func (c *timestampConverter) fits(in *connect.Schema) error {
	if timestampKind(in) == connect.KindString && c.format == nil {
		return errNoFormat
	}
	return nil
}

// timestampKind is the kind of the timestamps of a schema; null if they are
// none.
func timestampKind(s *connect.Schema) connect.Kind {
	switch l := s.Logical(); {
	case l == connect.LogicalTimestamp, l == connect.LogicalDate, l == connect.LogicalTime:
		return connect.KindInstant
	case s.Kind() == connect.KindString, s.Kind() == connect.KindInt64:
		return s.Kind()
	}
	return connect.KindNull
}

// convert converts a value; without a schema its own kind counts.
func (c *timestampConverter) convert(s *connect.Schema, v connect.Value) (connect.Value, error) {
	if s != nil && timestampKind(s) == connect.KindNull {
		return v, fmt.Errorf("%v is no schema of a timestamp", s)
	}
	if v.IsNull() {
		return v, nil
	}
	if s != nil && timestampKind(s) != v.Kind() {
		return v, fmt.Errorf("%v, but the schema says %v", v.Kind(), s)
	}
	at, err := c.read(v)
	if err != nil {
		return v, err
	}
	return c.write(at), nil
}

// read is the point in time that a value is.
func (c *timestampConverter) read(v connect.Value) (connect.Value, error) {
	switch v.Kind() {
	case connect.KindInstant:
		if !c.full {
			v = connect.InstantMilli(v.Milli())
		}
		return v, nil
	case connect.KindInt64:
		return c.readUnix(v.Int()), nil
	case connect.KindString:
		if c.format == nil {
			return v, errNoFormat
		}
		return c.format.Parse(v.Str())
	}
	return v, fmt.Errorf("%v is no timestamp", v.Kind())
}

// readUnix turns unix time into an instant. Like Java's TimeUnit it cuts off
// towards zero, and stays at the limits of an int64.
func (c *timestampConverter) readUnix(n int64) connect.Value {
	switch {
	case c.unit >= 1e6:
		return connect.InstantMilli(multiply(n, c.unit/1e6))
	case !c.full:
		return connect.InstantMilli(n / (1e6 / c.unit))
	}
	perSecond := 1_000_000_000 / c.unit
	seconds := floorDiv(n, perSecond)
	return connect.Instant(time.Unix(seconds, (n-seconds*perSecond)*c.unit))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// multiply stays at the limits of an int64.
func multiply(n, by int64) int64 {
	switch {
	case n > math.MaxInt64/by:
		return math.MaxInt64
	case n < math.MinInt64/by:
		return math.MinInt64
	}
	return n * by
}

// write makes the result of a point in time.
func (c *timestampConverter) write(v connect.Value) connect.Value {
	switch c.target {
	case "string":
		return connect.Text(c.text.Finish(c.format.Append(c.text.Start(), v)))
	case "unix":
		return connect.Int64(c.unix(v))
	case "Date":
		return connect.InstantMilli(floorDiv(v.Milli(), connect.MillisPerDay) * connect.MillisPerDay)
	case "Time":
		day := floorDiv(v.Milli(), connect.MillisPerDay)
		return shifted(v, -day*connect.MillisPerDay)
	}
	return v
}

// shifted is an instant by so many milliseconds later.
func shifted(v connect.Value, ms int64) connect.Value {
	sub := v.Instant().Nanosecond() % 1e6
	if sub == 0 {
		return connect.InstantMilli(v.Milli() + ms)
	}
	return connect.Instant(time.UnixMilli(v.Milli() + ms).Add(time.Duration(sub)))
}

// unix is a point in time as a number.
func (c *timestampConverter) unix(v connect.Value) int64 {
	ms := v.Milli()
	if c.unit >= 1e6 {
		return ms / (c.unit / 1e6)
	}
	sub := int64(v.Instant().Nanosecond()) % 1e6
	if sub == 0 {
		return multiply(ms, 1e6/c.unit)
	}
	n := new(big.Int).Mul(big.NewInt(ms), big.NewInt(1e6/c.unit))
	if n.Add(n, big.NewInt(sub/c.unit)); n.IsInt64() {
		return n.Int64()
	}
	return multiply(ms, 1e6/c.unit)
}
