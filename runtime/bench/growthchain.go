package main

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"kcgen.dev/runtime/chain"
	vocabulary "kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

// chainTime is how much CPU time one point of a curve takes.
const chainTime = 300 * time.Millisecond

// readingJSON is what a record of JSON costs of whose fields some are read: it
// is read, masked there, and written; in CPU microseconds.
func readingJSON(read, fields int) (float64, error) {
	mask := transform.MaskField{On: "value", ReplaceNullWithDefault: true}
	for f := range read {
		mask.Fields = append(mask.Fields, fmt.Sprintf("field%04d", f*fields/read))
	}
	c, err := openChain(mask)
	if err != nil {
		return 0, err
	}
	return cpuOf(through(c, wide(fields)(nil, 7), "orders"))
}

// through has a record of the topic orders read, changed, and written for a
// topic.
func through(c *chain.Chain, record []byte, topic string) (once func() error) {
	var out vocabulary.Buffer
	var r vocabulary.Record
	var doing chain.Doing
	return func() error {
		d, err := c.Value.Decode("orders", record)
		if err != nil {
			return err
		}
		r = vocabulary.Record{Topic: "orders", Value: d}
		if _, err := c.Transform(&r, &doing); err != nil {
			return err
		}
		_, err = c.Value.Encode(&out, topic, r.Value)
		return err
	}
}

// carryingStruct is what three transforms of a struct cost that has n fields
// more than they read; in CPU microseconds.
func carryingStruct(n int) (float64, error) {
	c, err := openChain(
		transform.ReplaceField{On: "value", Exclude: []string{"debug"}, Renames: map[string]string{"cust": "customer"}, ReplaceNullWithDefault: true},
		transform.MaskField{On: "value", Fields: []string{"card"}, ReplaceNullWithDefault: true},
		transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu", ReplaceNullWithDefault: true},
	)
	if err != nil {
		return 0, err
	}
	schema := vocabulary.NewStruct().Field("cust", vocabulary.StringSchema).Field("card", vocabulary.StringSchema).Field("debug", vocabulary.StringSchema)
	for f := range n {
		schema.Field("field"+strconv.Itoa(f), vocabulary.StringSchema)
	}
	st := &vocabulary.Struct{Schema: schema.MustBuild()}
	for range n + 3 {
		st.Slots = append(st.Slots, vocabulary.String("a value"))
	}
	var r vocabulary.Record
	var doing chain.Doing
	return cpuOf(func() error {
		r = vocabulary.Record{Topic: "orders", Value: vocabulary.Datum{Schema: st.Schema, Value: st.Value()}}
		_, err := c.Transform(&r, &doing)
		return err
	})
}

func openChain(steps ...vocabulary.Transform) (*chain.Chain, error) {
	cfg := chain.Config{Key: convert.String{}, Value: convert.JSON{}, Header: convert.SimpleHeader{}}
	for _, s := range steps {
		cfg.Steps = append(cfg.Steps, chain.Step{Do: s})
	}
	return chain.Open(cfg)
}

// cpuOf is what f costs in CPU microseconds, the collector's included, which runs
// as in compiled pipelines: by Go's own default it takes more than the chain.
func cpuOf(f func() error) (float64, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for range 100 { // what is done once
		if err := f(); err != nil {
			return 0, err
		}
	}
	n, begun := 0, cpuTime()
	for {
		for range 100 {
			if err := f(); err != nil {
				return 0, err
			}
		}
		n += 100
		if took := cpuTime() - begun; took >= chainTime {
			return float64(took.Nanoseconds()) / 1e3 / float64(n), nil
		}
	}
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails only for a bad argument
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
