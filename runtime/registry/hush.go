package registry

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"
)

// hush takes our credentials out of what a registry says: some, and proxies
// before them, tell who is refused what he has shown.
func (e *endpoint) hush(said *sr.ResponseError) {
	shown := e.shown.Load()
	if shown == nil {
		return
	}
	r := hushes(*shown)
	said.Message = r.Replace(said.Message)
	said.Raw = []byte(r.Replace(string(said.Raw)))
}

// hushes replaces what an Authorization header holds, as it stands there and as
// it is meant. What comes first in the list goes first where two begin alike.
func hushes(authorization string) *strings.Replacer {
	scheme, credentials, _ := strings.Cut(authorization, " ")
	list := []string{credentials}
	if strings.EqualFold(scheme, "Basic") {
		plain, err := base64.StdEncoding.DecodeString(credentials)
		_, password, _ := strings.Cut(string(plain), ":")
		if err == nil {
			list = append(list, password)
		}
	}
	var pairs []string
	for _, s := range list {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			if form != "" {
				pairs = append(pairs, form, "[secret]")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
