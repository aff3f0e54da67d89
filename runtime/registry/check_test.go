package registry

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// A check says whether the registry is one, and takes the login, in its own
// words; of several addresses one that is away is a warning.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   string // of the problem; "" is none
	}{
		{"all is well", 0, "", ""},
		{"the types are told", 200, `["AVRO","JSON"]`, ""},
		{"another type", 200, `["JSON"]`, "it knows [JSON] alone"},
		{"no registry", 200, "<html>", "is schemaRegistry.url right"},
		{"another path", 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`, "which is no registry's answer"},
		{"refused", 401, `{"error_code":401,"message":"Unauthorized"}`, "it refuses us as the user \"kc\""},
		{"forbidden", 403, `{"error_code":403,"message":"no"}`, "it refuses us"},
		{"broken", 500, `{"error_code":50001,"message":"leader"}`, "answers 500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t)
			f.answers(test.status, "Content-Type: application/json", test.body)
			r := Registry{URL: []string{f.URL()}, BasicAuthUserInfo: reveal(t, "kc:canary"), AllowWithoutTLS: true}
			got := r.Check(t.Context(), Avro)
			if len(got) != 1 || (got[0].Problem == "") != (test.want == "") || !strings.Contains(got[0].Problem, test.want) || got[0].Warning {
				t.Errorf("%+v, want %q", got, test.want)
			}
			if strings.Contains(got[0].What+got[0].Problem+got[0].Fix, "canary") {
				t.Error("it shows the password")
			}
		})
	}
	t.Run("one of two is away", func(t *testing.T) {
		f := newFake(t)
		got := Registry{URL: []string{"http://127.0.0.1:1", f.URL()}}.Check(t.Context(), Avro)
		if len(got) != 2 || !got[0].Warning || got[0].Problem == "" || got[1] != (connect.Finding{What: got[1].What}) {
			t.Errorf("%+v", got)
		}
	})
	if got := (Registry{URL: []string{"mock://x"}}).Check(t.Context(), Avro); got != nil {
		t.Errorf("of one in memory: %+v", got)
	}
	if got := (Registry{}).Check(t.Context(), Avro); len(got) != 1 || !strings.Contains(got[0].Problem, "schemaRegistry.url is empty") {
		t.Errorf("without an address: %+v", got)
	}
}
