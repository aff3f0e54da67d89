package postgres

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

// FuzzMessages reads messages of pgoutput: whatever comes, nothing panics.
func FuzzMessages(f *testing.F) {
	f.Add([]byte("w\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03I\x00\x00\x00\x01N\x00\x01t\x00\x00\x00\x02ab"))
	f.Add([]byte("R\x00\x00\x00\x01public\x00t\x00d\x00\x01\x01id\x00\x00\x00\x00\x17\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = readFrame(b)
		var c change
		_ = c.read(b)
		for _, read := range []func([]byte) error{
			func(b []byte) error { _, err := readBegin(b); return err },
			func(b []byte) error { _, err := readCommit(b); return err },
			func(b []byte) error { _, err := readOrigin(b); return err },
			func(b []byte) error { _, err := readRelation(b); return err },
			func(b []byte) error { _, err := readTruncate(b); return err },
			func(b []byte) error { _, err := readLogical(b); return err },
		} {
			_ = read(b)
		}
	})
}

// FuzzTexts decodes texts of every type in every mode: what is no error is a value
// of the schema.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{
		"1", "-1.50", "NaN", "t", "2024-02-29", "0044-03-15 12:00:00 BC", "2024-02-29 12:34:56.789012+02", "24:00:00", "infinity",
		"-1 years -2 mons +3 days -04:05:06.789", `\x00ff`, `{1,NULL,"a\"b"}`, "[2:3]={1,2}", `"a"=>"1", "b"=>NULL`, "((1,2),(3,4))", "<(1,2),3>", "$1,234.56", "0101", "[1,2.5]", "{1:1,7:-2.5}/9",
	} {
		f.Add([]byte(seed))
	}
	decimal, times, binary := []string{"precise", "double", "string"}, []string{"adaptive", "connect", "isostring", "microseconds", "nanoseconds"}, []string{"bytes", "base64", "hex"}
	types := []*pgType{{oid: 600000, name: "hstore"}, {oid: 600001, name: "vector"}, {oid: 600002, name: "geometry"}, {oid: 600003, name: "ltree"}, {oid: 600004, name: "sparsevec"}}
	for _, oid := range []uint32{oidBool, oidInt2, oidInt4, oidInt8, oidFloat4, oidFloat8, oidNumeric, oidMoney, oidBit, oidVarbit, oidBytea, oidDate, oidTime, oidTimeTZ,
		oidTimestamp, oidTimestampTZ, oidInterval, oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle, oidText} {
		scalar := &pgType{oid: oid, name: typeName(oid)}
		types = append(types, scalar, &pgType{oid: 700000 + oid, name: "_", elem: scalar})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := range 5 {
			m := modes{decimal: decimal[i%3], time: times[i], binary: binary[i%3], interval: []string{"numeric", "string"}[i%2], hstore: []string{"json", "map"}[i%2], money: 2, placeholder: "x"}
			for _, of := range types {
				is, ok := m.of(of, -1)
				if !ok {
					continue
				}
				s := is.schema().Optional().MustBuild()
				v, err := is.decoder(s)(&state{}, b)
				if err == nil {
					err = connect.Validate(s, v)
					if err != nil {
						t.Errorf("type %d, %q: %v", of.oid, b, err)
					}
				}
				if err := connect.Validate(s, is.absent); err != nil {
					t.Errorf("type %d: what stands for an absent value: %v", of.oid, err)
				}
			}
		}
	})
}
