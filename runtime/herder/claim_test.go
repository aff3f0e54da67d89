package herder

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestClaimRoundTrip(t *testing.T) {
	want := Claim{Shared: "x", Worker: "h:1", Epoch: 3, Seen: 4, Leaving: true,
		Connectors: []known{{"a", "v", 2}, {"b", "", 0}},
		Held:       units{ConnectorUnit("a"), {"a", 0}, {"a", 1}, {"b", itself}}}
	got, err := decodeClaim(encode(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	given := Assignment{Epoch: 5, Leader: "h:1", Given: want.Held}
	if got, err := decodeAssignment(encode(given)); err != nil || !reflect.DeepEqual(got, given) {
		t.Errorf("%+v %v", got, err)
	}
}

// What is on the wire may not change under one name of the protocol.
func TestClaimFormat(t *testing.T) {
	c := Claim{Shared: "x", Worker: "h:1", Epoch: 3, Seen: 4, Connectors: []known{{"a", "v", 2}}, Held: units{{"a", itself}, {"a", 1}}}
	const want = `{"shared":"x","worker":"h:1","epoch":3,"seen":4,"connectors":[{"name":"a","version":"v","tasks":2}],"held":{"a":[-1,1]}}`
	if got := string(encode(c)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	a := Assignment{Epoch: 5, Leader: "h:1", Given: c.Held}
	if got := string(encode(a)); got != `{"epoch":5,"leader":"h:1","given":{"a":[-1,1]}}` {
		t.Error(got)
	}
}

func TestHostileClaims(t *testing.T) {
	for _, b := range []string{"", "null x", "{", "[]", `{"held":{"a":[-2]}}`, `{"held":{"a":[1000]}}`, `{"held":{"a":"b"}}`,
		`{"connectors":[{"name":"a"},{"name":"a"}]}`, `{"connectors":[{"name":"a","tasks":-1}]}`, `{"connectors":[{"name":"a","tasks":1001}]}`,
		strings.Repeat("[", 1<<20), strings.Repeat(" ", maxEncoded+1)} {
		if c, err := decodeClaim([]byte(b)); err == nil {
			t.Errorf("%.40q gave %+v", b, c)
		}
	}
	huge := Claim{}
	for i := range 21 {
		huge.Connectors = append(huge.Connectors, known{strings.Repeat("x", i+1), "", maxTasks})
	}
	if _, err := decodeClaim(encode(huge)); err == nil || !strings.Contains(err.Error(), "21021 connectors and tasks") {
		t.Errorf("%v", err)
	}
	for _, epoch := range []string{"-5", "1073741825", "9223372036854775807"} {
		c, err := decodeClaim([]byte(`{"epoch":` + epoch + `,"seen":` + epoch + `}`))
		if err != nil || c.Epoch != 0 || c.Seen != 0 {
			t.Errorf("%+v %v", c, err)
		}
	}
	for _, b := range []string{"", "{}", `{"epoch":0}`, `{"epoch":1073741826}`} {
		if a, err := decodeAssignment([]byte(b)); err == nil {
			t.Errorf("%q gave %+v", b, a)
		}
	}
}

// Whatever a member says: the leader shares, and nothing is given twice.
func FuzzShare(f *testing.F) {
	f.Add(encode(Claim{Shared: "x", Epoch: 3, Connectors: []known{{"a", "", 2}}, Held: units{{"a", 0}}}), encode(Claim{Shared: "y"}))
	f.Add([]byte(`{"shared":"x","connectors":[{"name":"a","tasks":3}],"held":{"a":[-1,0,1,2,7]}}`), []byte("{"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		mine := Claim{Shared: "x", Worker: "m", Epoch: 2, Connectors: []known{{"a", "", 2}}, Held: units{{"a", 1}}}
		members := []member{{id: "m", claim: mine}, {id: "a"}, {id: "b"}}
		members[1].claim, members[1].err = decodeClaim(a)
		members[2].claim, members[2].err = decodeClaim(b)
		given := map[Unit]string{}
		shares := assign("m", 1, members)
		for id, s := range shares {
			for _, u := range s.Given {
				if other, twice := given[u]; twice {
					t.Fatalf("%s is given to %s and to %s", u, other, id)
				}
				given[u] = id
			}
			if _, err := decodeAssignment(encode(s)); err != nil {
				t.Fatal(err)
			}
		}
		if len(shares) != 3 {
			t.Fatal("a member got no answer")
		}
	})
}

// Whatever the leader says: the core takes it or leaves.
func FuzzAssigned(f *testing.F) {
	f.Add([]byte(`{"epoch":3,"leader":"h","given":{"a":[-1,0,5],"z":[0]}}`))
	f.Add([]byte(`{"refused":"no"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAssignment(b)
		if err != nil {
			return
		}
		c := newCore(Rules{Alone: true}, []Connector{{Name: "a", Tasks: 2}, {Name: "b", Err: errors.New("x")}}, 0)
		c.step(epochStart, Tick{})
		for _, e := range c.step(epochStart, Assigned{Assignment: a}) {
			if s, ok := e.(Start); ok && (s.Task.Connector != "a" || s.Task.Task > 1) {
				t.Fatalf("it starts %s", s.Task)
			}
		}
		if a.Refused != "" && !c.left {
			t.Fatal("it stays although it was refused")
		}
	})
}
