package schema_test

import (
	"io/fs"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"kcgen.dev/schema"
)

// definition gives a definition of the package.
func definition(t *testing.T, name string) cue.Value {
	t.Helper()
	files, err := fs.Glob(schema.Files, "*.cue")
	if err != nil {
		t.Fatal(err)
	}
	inst := build.NewContext().NewInstance("", func(token.Pos, string) *build.Instance { return nil })
	for _, file := range files {
		text, err := schema.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f *ast.File
		if f, err = parser.ParseFile(file, text, parser.ParseComments); err == nil {
			err = inst.AddSyntax(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := inst.Complete(); err != nil {
		t.Fatal(err)
	}
	v := cuecontext.New().BuildInstance(inst).LookupPath(cue.MakePath(cue.Def(name)))
	if v.Err() != nil {
		t.Fatal(v.Err())
	}
	return v
}

// What a spec may say of a registry, and what vet refuses.
func TestSchemaRegistry(t *testing.T) {
	def := definition(t, "SchemaRegistry")
	for _, good := range []string{
		`url: ["http://a:8081"]`,
		`url: ["https://a, https://b/path", "http://c"]`,
		`url: ["${env:URLS}"]`,
		`url: ["https://me:${env:PASSWORD}@a"]`,
		`url: ["https://${env:USER}:${env:PASSWORD}@a"]`,
		`url: ["https://a"], basicAuthUserInfo: "${env:LOGIN}", tls: {caFile: "ca.pem"}, requestTimeout: "5s", latestCacheTtl: "1m"`,
		`url: ["http://a"], basicAuthUserInfo: "${env:LOGIN}", allowWithoutTLS: true`,
		`url: ["https://a"], bearerAuthToken: "${file:/run/x:token}", bearerAuthLogicalCluster: "lsrc-1"`,
		`url: ["https://a"], bearerAuthIssuerEndpointUrl: "https://idp", bearerAuthClientId: "i", bearerAuthClientSecret: "${env:S}", bearerAuthScope: "sr"`,
	} {
		if err := unified(def, good).Validate(cue.Concrete(true)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, field := range map[string]string{
		``:                               "url",
		`url: []`:                        "url",
		`url: ["registry:8081"]`:         "url.0",
		`url: ["mock://a"]`:              "url.0",
		`url: ["https://a", "ftp://b"]`:  "url.1",
		`url: ["https://a,ftp://b"]`:     "url.0",
		`url: ["https://a?x=1"]`:         "url.0",
		`url: ["https://me:secret@a"]`:   "url.0",
		`url: ["https://${env:U}:pw@a"]`: "url.0",
		`url: ["http://a"], basicAuthUserInfo: "${env:LOGIN}"`:                                                                                                     "url.0",
		`url: ["https://a,http://b"], bearerAuthToken: "${env:T}"`:                                                                                                 "url.0",
		`url: ["https://a"], basicAuthUserInfo: "me:secret"`:                                                                                                       "basicAuthUserInfo",
		`url: ["https://a"], bearerAuthClientId: "i"`:                                                                                                              "bearerAuthIssuerEndpointUrl",
		`url: ["https://a"], bearerAuthIssuerEndpointUrl: "https://idp", bearerAuthClientId: "i"`:                                                                  "bearerAuthClientSecret",
		`url: ["https://a"], bearerAuthIssuerEndpointUrl: "http://idp", bearerAuthClientId: "i", bearerAuthClientSecret: "${env:S}"`:                               "bearerAuthIssuerEndpointUrl",
		`url: ["https://a"], bearerAuthToken: "${env:T}", bearerAuthIssuerEndpointUrl: "https://idp", bearerAuthClientId: "i", bearerAuthClientSecret: "${env:S}"`: "bearerAuthIssuerEndpointUrl",
		`url: ["https://a"], requestTimeout: "0s"`:                                                                                                                 "requestTimeout",
		`url: ["https://a"], usrl: "x"`:                                                                                                                            "usrl",
	} {
		err := unified(def, bad).Validate(cue.Concrete(true))
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v, want an error at %s", bad, err, field)
		}
	}
}

func unified(def cue.Value, text string) cue.Value {
	return def.Unify(cuecontext.New().CompileString("{" + text + "}"))
}
