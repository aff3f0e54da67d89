package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Whatever a server sends, a decoder neither panics nor makes what its schema
// does not allow.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "00", "00010000000000020001", "0001000040000000", "0000000000000000", "0001000040000002000c1388", "0002fffe000000080001270f",
		"000000000000000000000017", "00000001000000010000001700000002000000010000000400000001ffffffff",
		"000000010000000000000017000000027fffffff", "0000000cabc0", "7fffffffffffffff", "8000000000000000", "0001c00000000000",
	} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(seed, err)
		}
		f.Add(b)
	}
	oids := slices.Collect(maps.Keys(typeNames))
	oids = slices.AppendSeq(oids, maps.Keys(arrays))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, oid := range oids {
			for _, mod := range []int32{-1, 1, 8, 12, 10<<16 + 2 + 4} {
				for _, m := range []database.Mapping{{Numeric: "none"}, {Numeric: "best_fit", Granularity: "nanos_long"}} {
					tryDecode(t, oid, mod, m, b)
				}
			}
		}
	})
}

func tryDecode(t *testing.T, oid uint32, mod int32, m database.Mapping, b []byte) {
	typ := typeOf(oid, mod, false, m)
	if !typ.binary {
		return // text as it stands
	}
	v, err := typ.decode(&state{}, b)
	if err != nil {
		return
	}
	if err := connect.Validate(typ.schema(true), v); err != nil {
		t.Errorf("%s of %x: %v", typeName(oid), b, err)
	}
}

// A numeric is the same number by the quick way and by the one for all.
func FuzzNumeric(f *testing.F) {
	f.Add(int64(12345), int8(0), int8(2), false)
	f.Add(int64(99999999999), int8(-3), int8(5), true)
	f.Fuzz(func(t *testing.T, digits int64, weight, scale int8, minus bool) {
		n := numeric{weight: int(weight), minus: minus}
		for d := max(digits, -digits); d > 0; d /= base {
			n.digits = append(binary.BigEndian.AppendUint16(nil, uint16(d%base)), n.digits...)
		}
		quick, lost, ok := n.small(int32(scale))
		whole, lossy := n.large(int32(scale))
		if ok && (lost != lossy || !whole.IsInt64() || whole.Int64() != quick) {
			t.Errorf("%+v with scale %d is %d (%v) and %v (%v)", n, scale, quick, lost, whole, lossy)
		}
	})
}

// An address is read or refused, and no error repeats what was read.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"postgresql://db:5432/shop", "jdbc:postgresql://a,[::1]:7/x%20y", "postgresql://u:hunter2@h/d", "postgresql:///"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := Database{URL: text}
		_, err := d.Config()
		if _, rest, ok := strings.Cut(text, ":"); err != nil && ok && len(rest) > 12 && strings.Contains(err.Error(), rest) {
			t.Errorf("%q: %v", text, err)
		}
		_ = d.String()
	})
}

// What COPY would take for its own is escaped, whatever is in a text: a row has
// as many fields and lines as it should.
func FuzzCopyText(f *testing.F) {
	f.Add("a\tb\n\\N\\.\r", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		text, err := copyText([][]any{{a, nil, b}})
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Split(strings.TrimSuffix(string(text), "\n"), "\t")
		unescape := strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")
		if len(fields) != 3 || strings.Count(string(text), "\n") != 1 || unescape.Replace(fields[0]) != a || fields[1] != `\N` || unescape.Replace(fields[2]) != b {
			t.Errorf("%q and %q are %q", a, b, text)
		}
	})
}
