// Command ours runs kcgen's converters and transforms on the lines of a file, as
// original/Original.java does it with Kafka Connect's:
// ours CASE FILE WARM-UP-SECONDS SECONDS. It prints records, CPU nanoseconds of
// the whole process and the bytes written, of the time behind the warm-up.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/transform"
)

// work does one record's work and gives the length of what was written.
type work func(line []byte) (int, error)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("usage: ours CASE FILE WARM-UP-SECONDS SECONDS")
	}
	debug.SetGCPercent(400) // as generated programs do
	data, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	do, err := workOf(args[0], lines)
	if err != nil {
		return err
	}
	var seconds [2]float64
	for i := range seconds {
		if seconds[i], err = strconv.ParseFloat(args[2+i], 64); err != nil {
			return err
		}
	}
	if _, _, err := repeat(do, lines, seconds[0]); err != nil {
		return err
	}
	before := cpu()
	n, written, err := repeat(do, lines, seconds[1])
	if err != nil {
		return err
	}
	fmt.Println(n, (cpu() - before).Nanoseconds(), written/(n/len(lines)))
	return nil
}

// repeat goes over all lines again and again until the time is over.
func repeat(do work, lines [][]byte, seconds float64) (n, written int, err error) {
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for {
		for _, line := range lines {
			size, err := do(line)
			if err != nil {
				return 0, 0, err
			}
			written += size
		}
		n += len(lines)
		if time.Now().After(end) {
			return n, written, nil
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails only for a bad argument
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func workOf(name string, lines [][]byte) (work, error) {
	switch name {
	case "json":
		return through(convert.JSON{})
	case "envelope":
		return through(convert.JSON{SchemasEnable: true, ReplaceNullWithDefault: true})
	case "avro-encode":
		return encode(lines)
	case "avro-decode":
		return decode(lines)
	}
	return nil, fmt.Errorf("no case %s", name)
}

const topic = "orders"

// through reads, applies three transforms and writes.
func through(c connect.Converter) (work, error) {
	cfg := chain.Config{Key: convert.String{}, Value: c, Header: convert.SimpleHeader{}}
	for _, t := range []connect.Transform{
		transform.ReplaceField{On: "value", Exclude: []string{"debug"}, Renames: map[string]string{"cust": "customer"}, ReplaceNullWithDefault: true},
		transform.MaskField{On: "value", Fields: []string{"card"}, ReplaceNullWithDefault: true},
		transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu", ReplaceNullWithDefault: true},
	} {
		cfg.Steps = append(cfg.Steps, chain.Step{Do: t})
	}
	task, err := chain.Open(cfg)
	if err != nil {
		return nil, err
	}
	var out connect.Buffer
	var r connect.Record // a task's records stand in batches that are used again
	var doing chain.Doing
	return func(line []byte) (int, error) {
		d, err := task.Value.Decode(topic, line)
		if err != nil {
			return 0, err
		}
		r = connect.Record{Topic: topic, Value: d}
		if _, err := task.Transform(&r, &doing); err != nil {
			return 0, err
		}
		b, err := task.Value.Encode(&out, topic, r.Value)
		return len(b), err
	}, nil
}

// avroCodec is an Avro codec with its registry in memory, where Confluent's
// converter has its cache.
func avroCodec() (connect.Codec, error) {
	c := avro.Converter{AutoRegisterSchemas: true, ConnectMetaData: true, SubjectNameStrategy: "TopicNameStrategy"}
	return c.Offline().Open(connect.RoleValue)
}

// read reads lines of JSON with their schema.
func read(lines [][]byte) (data []connect.Datum, err error) {
	codec, err := convert.JSON{SchemasEnable: true}.Open(connect.RoleValue)
	if err != nil {
		return nil, err
	}
	data = make([]connect.Datum, len(lines))
	for i, line := range lines {
		if data[i], err = codec.Decode(topic, line); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// owned gives a record texts of its own, as a connector's records have them and
// Java's. Those that were read alias their lines, where schemas stand between.
func owned(v connect.Value) connect.Value {
	switch v.Kind() {
	case connect.KindString:
		return connect.String(strings.Clone(v.Str()))
	case connect.KindArray:
		a := &connect.Array{}
		for _, e := range v.Array().Elems {
			a.Elems = append(a.Elems, owned(e))
		}
		return a.Value()
	case connect.KindStruct:
		st := &connect.Struct{Schema: v.Struct().Schema}
		for _, e := range v.Struct().Slots {
			st.Slots = append(st.Slots, owned(e))
		}
		return st.Value()
	}
	return v
}

func encode(lines [][]byte) (work, error) {
	codec, err := avroCodec()
	if err != nil {
		return nil, err
	}
	data, err := read(lines)
	for i := range data {
		data[i].Value = owned(data[i].Value)
	}
	var out connect.Buffer
	at := 0
	return func([]byte) (int, error) {
		b, err := codec.Encode(&out, topic, data[at%len(data)])
		at++
		return len(b), err
	}, err
}

func decode(lines [][]byte) (work, error) {
	codec, err := avroCodec()
	if err != nil {
		return nil, err
	}
	data, err := read(lines)
	if err != nil {
		return nil, err
	}
	encoded := make([][]byte, len(data))
	var out connect.Buffer
	for i, d := range data {
		if encoded[i], err = codec.Encode(&out, topic, d); err != nil {
			return nil, err
		}
	}
	at := 0
	return func([]byte) (int, error) {
		b := encoded[at%len(encoded)]
		at++
		d, err := codec.Decode(topic, b)
		if err == nil && d.IsNull() {
			err = errors.New("nothing was read")
		}
		return len(b), err
	}, nil
}
