package transform

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// nestedStruct and nestedMap are {id, customer: {name, home: {zip}}}.
func nestedStruct() connect.Datum {
	home := connect.NewStruct().Field("zip", connect.StringSchema).Optional().MustBuild()
	customer := connect.NewStruct().Name("acme.Customer").Field("name", connect.StringSchema).Field("home", home).MustBuild()
	order := connect.NewStruct().Field("id", connect.Int64Schema).Field("customer", customer).MustBuild()
	h := &connect.Struct{Schema: home, Slots: []connect.Value{connect.String("80331")}}
	c := &connect.Struct{Schema: customer, Slots: []connect.Value{connect.String("Ada"), h.Value()}}
	o := &connect.Struct{Schema: order, Slots: []connect.Value{connect.Int64(7), c.Value()}}
	return connect.Datum{Schema: order, Value: o.Value()}
}

func nestedMap() connect.Datum {
	e := func(k string, v connect.Value) connect.Entry { return connect.Entry{Key: connect.String(k), Value: v} }
	home := connect.MapOf(e("zip", connect.String("80331")))
	customer := connect.MapOf(e("name", connect.String("Ada")), e("home", home.Value()))
	return connect.Datum{Value: connect.MapOf(e("id", connect.Int64(7)), e("customer", customer.Value())).Value()}
}

// What V2 puts into, or wraps in, what is in the value.
func TestNested(t *testing.T) {
	for name, c := range map[string]struct {
		do                  connect.Transform
		inStruct, inMap     string
		schema              string
		structErr, mapFails string
	}{
		"insert into a field": {
			do:       InsertField{On: "value", StaticField: "customer.site", StaticValue: "eu", FieldSyntaxVersion: "V2"},
			inStruct: `{id:7 customer:{name:"Ada" home:{zip:"80331"} site:"eu"}}`,
			inMap:    `map["id":7 "customer":map["name":"Ada" "home":map["zip":"80331"] "site":"eu"]]`,
			schema:   `struct{id:int64 customer:acme.Customer struct{name:string home:struct{zip:string}? site:string?}}`,
		},
		"insert at three levels": {
			do: InsertField{On: "value", StaticField: "customer.home.land!", StaticValue: "DE", TopicField: "customer.`from`",
				PartitionField: "p", FieldSyntaxVersion: "V2"},
			inStruct: `{id:7 customer:{name:"Ada" home:{zip:"80331" land:"DE"} from:"t"} p:3}`,
			inMap:    `map["id":7 "customer":map["name":"Ada" "home":map["zip":"80331" "land":"DE"] "from":"t"] "p":3]`,
			schema:   `struct{id:int64 customer:acme.Customer struct{name:string home:struct{zip:string land:string}? from:string?} p:int32?}`,
		},
		"insert where there is nothing": {
			do:        InsertField{On: "value", StaticField: "custommer.site", StaticValue: "eu", FieldSyntaxVersion: "V2"},
			structErr: "did you mean customer?",
			inMap:     `map["id":7 "customer":map["name":"Ada" "home":map["zip":"80331"]]]`,
		},
		"insert into a number": {
			do:        InsertField{On: "value", StaticField: "id.site", StaticValue: "eu", FieldSyntaxVersion: "V2"},
			structErr: "only a struct", mapFails: "only a map",
		},
		"insert under V1": {
			do:       InsertField{On: "value", StaticField: "customer.site", StaticValue: "eu"},
			inStruct: `{id:7 customer:{name:"Ada" home:{zip:"80331"}} customer.site:"eu"}`,
			inMap:    `map["id":7 "customer":map["name":"Ada" "home":map["zip":"80331"]] "customer.site":"eu"]`,
			schema:   `struct{id:int64 customer:acme.Customer struct{name:string home:struct{zip:string}?} customer.site:string?}`,
		},
		"hoist a field": {
			do:       HoistField{On: "value", Field: "at", Hoisted: "customer.home", FieldSyntaxVersion: "V2"},
			inStruct: `{id:7 customer:{name:"Ada" home:{at:{zip:"80331"}}}}`,
			inMap:    `map["id":7 "customer":map["name":"Ada" "home":map["at":map["zip":"80331"]]]]`,
			schema:   `struct{id:int64 customer:acme.Customer struct{name:string home:struct{at:struct{zip:string}?}}}`,
		},
		"hoist what is not there": {
			do:        HoistField{On: "value", Field: "at", Hoisted: "custommer"},
			structErr: "did you mean customer?",
			inMap:     `map["id":7 "customer":map["name":"Ada" "home":map["zip":"80331"]]]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			apply, err := c.do.Open()
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range []struct {
				d          connect.Datum
				want, fail string
			}{{nestedStruct(), c.inStruct, c.structErr}, {nestedMap(), c.inMap, c.mapFails}} {
				given := in.d.Value.String()
				r := connect.Record{Topic: "t", Partition: 3, Value: in.d}
				_, err := apply(&r)
				if in.fail != "" {
					if err == nil || !strings.Contains(err.Error(), in.fail) {
						t.Errorf("error %v, want %s", err, in.fail)
					}
					continue
				}
				if err != nil || r.Value.Value.String() != in.want {
					t.Errorf("got %v, %v\nwant %s", r.Value.Value, err, in.want)
				}
				if r.Value.Schema != nil {
					if r.Value.Schema.String() != c.schema {
						t.Errorf("schema %v\nwant %s", r.Value.Schema, c.schema)
					}
					if err := connect.Validate(r.Value.Schema, r.Value.Value); err != nil {
						t.Error(err)
					}
				}
				if in.d.Value.String() != given {
					t.Error("what was given has changed")
				}
			}
			shape := connect.Shape{Value: connect.Of(nestedStruct().Schema)}
			err = c.do.(connect.Flow).Flow(&shape)
			if c.structErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.structErr) {
					t.Errorf("the flow says %v, want %s", err, c.structErr)
				}
			} else if err != nil || shape.Value.Schema.String() != c.schema {
				t.Errorf("the flow says %v, %v\nwant %s", shape.Value.Schema, err, c.schema)
			}
		})
	}
}
