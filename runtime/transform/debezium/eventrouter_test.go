package debezium_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// TestListInEnvelope is where Debezium fails: it has the array's schema and
// leaves the text.
func TestListInEnvelope(t *testing.T) {
	e := router
	e.TableExpandJSONPayload, e.TableFieldsAdditionalPlacement = true, []string{"type:envelope"}
	r := kept(t, open(t, e), message("Order", `[{"sku":"a"},{"sku":"b","qty":2}]`))
	lines := r.Value.Value.Struct().Get("payload").Array()
	if lines == nil || len(lines.Elems) != 2 || lines.Elems[1].Struct().Get("qty").Int() != 2 {
		t.Errorf("value %v", r.Value.Value)
	}
}

// TestEachRouteItsName: messages of two routes have two schemas, and those of
// one have one. Debezium keeps the first route's name for all payloads of a
// schema, and all of a version.
func TestEachRouteItsName(t *testing.T) {
	e := router
	e.TableFieldsAdditionalPlacement = []string{"type:envelope"}
	apply := open(t, e)
	order := kept(t, apply, message("Order", "x")).Value.Schema
	user := kept(t, apply, message("User", "x")).Value.Schema
	again := kept(t, apply, message("Order", "y")).Value.Schema
	if order.Name() != "srv.public.outbox.Order.Value" || user.Name() != "srv.public.outbox.User.Value" || again != order {
		t.Errorf("schemas %v, %v, %v", order, user, again)
	}
}

// TestShapes: payloads of one shape have one schema, at one address.
func TestShapes(t *testing.T) {
	e := router
	e.TableExpandJSONPayload = true
	apply := open(t, e)
	schema := func(payload string) *connect.Schema { return kept(t, apply, message("Order", payload)).Value.Schema }
	first := schema(`{"a":1,"b":["x"],"c":{"d":null}}`)
	for text, same := range map[string]bool{
		`{"a":2,"b":["y","z"],"c":{"d":null}}`:       true,
		`{"a":2,"b":["y","z"],"c":{"d":1}}`:          false,
		`{"a":3000000000,"b":["x"],"c":{"d":null}}`:  false,
		`{"a1":1,"b":["x"],"c":{"d":null}}`:          false,
		`{"a":1,"b":["x"],"c":{}}`:                   false,
		`{"b":["x"],"a":1,"c":{"d":null}}`:           false,
		` {"a":1,"b":["x"],"c":{"d":null}}`:          false, // text
		`{"a":1,"b":["x"],"c":{"d":null}} and more`:  true,
		`{"a":1,"b":["x"],"c":{"d":null},"c":{"d":9`: false, // text
	} {
		if s := schema(text); (s == first) != same {
			t.Errorf("%s: %v, same %v", text, s, s == first)
		}
	}
}

// TestNumbers has what the reader of JSON passes and Debezium does not.
func TestNumbers(t *testing.T) {
	e := router
	e.TableExpandJSONPayload = true
	apply := open(t, e)
	for text, expands := range map[string]bool{
		`{"a":0}`: true, `{"a":-0}`: true, `{"a":00}`: false, `{"a":-01}`: false, `{"a":0.5}`: true, `{"a":00.5}`: false,
		`{"a":9223372036854775807}`: true, `{"a":-9223372036854775808}`: true, `{"a":9223372036854775808}`: false,
		`{"a":"00"}`: true, `{"a":"\"00"}`: true, `{"a":1} 00`: true, `{"a":123456789012345678901e0}`: true, `{"00":1}`: true,
		`{"a":-}`: false, `{"a":1-2}`: false,
	} {
		r := kept(t, apply, message("Order", text))
		if (r.Value.Value.Kind() == connect.KindStruct) != expands {
			t.Errorf("%s: %v", text, r.Value.Value)
		}
	}
}

func TestDeepPayload(t *testing.T) {
	e := router
	e.TableExpandJSONPayload = true
	apply := open(t, e)
	for _, depth := range []int{500, 100_000} {
		r := kept(t, apply, message("Order", `{"a":`+strings.Repeat("[", depth)+"1"+strings.Repeat("]", depth)+"}"))
		if expanded := r.Value.Value.Kind() == connect.KindStruct; expanded != (depth == 500) {
			t.Errorf("depth %d: expanded %v", depth, expanded)
		}
	}
}

func TestSinkOfRouter(t *testing.T) {
	r := message("Order", "x")
	r.Offset = 3
	if _, err := open(t, router)(&r); err == nil || !strings.Contains(err.Error(), "sink") {
		t.Errorf("error %v, want one of sinks", err)
	}
}

func TestRouterRefuses(t *testing.T) {
	for _, p := range []string{"type", "type:", ":header", "type:header:", "type:header:a:b", "type:topic"} {
		e := router
		e.TableFieldsAdditionalPlacement = []string{p}
		if _, err := e.Open(); err == nil || !strings.Contains(err.Error(), "tableFieldsAdditionalPlacement") {
			t.Errorf("%q: error %v", p, err)
		}
	}
	e := router
	e.RouteTopicRegex = "(?=a)"
	if _, err := e.Open(); err == nil {
		t.Error("look-ahead: no error")
	}
}
