package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// endpoint answers one kind of request.
type endpoint struct {
	method string
	path   string // {} is any segment
	serve  func(*call) (answer, error)
	body   bool // it needs a body of JSON
	reads  bool // it changes nothing, whatever its method
	open   bool // to everybody, without a login
}

// routes finds endpoints. It is no http.ServeMux: that one redirects paths
// with dots and doubled slashes, which may be names here, and answers unknown
// paths and methods in plain text.
type routes struct {
	list []route
}

type route struct {
	endpoint
	segments []string
}

func (r *routes) add(e endpoint) {
	r.list = append(r.list, route{e, split(e.path)})
}

// split cuts a path into its segments; a slash at the end does not count.
func split(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// segments are those of a request, each unescaped for itself, so that a name
// may have a slash (%2F). It is false where one cannot be unescaped, or holds
// what no name can.
func segments(u *url.URL) ([]string, bool) {
	segs := split(u.EscapedPath())
	for i, s := range segs {
		s, err := url.PathUnescape(s)
		if err != nil || strings.ContainsRune(s, 0) {
			return nil, false
		}
		segs[i] = s
	}
	return segs, true
}

// find gives the endpoint, and what stands for {}. Where there is none, it
// gives the methods that the path has.
func (r *routes) find(method string, segs []string) (e *endpoint, args, methods []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range r.list {
		a, ok := match(r.list[i].segments, segs)
		if !ok {
			continue
		}
		if r.list[i].method == method {
			return &r.list[i].endpoint, a, nil
		}
		if r.list[i].method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		methods = append(methods, r.list[i].method)
	}
	if methods != nil {
		methods = append(methods, http.MethodOptions)
	}
	return nil, nil, slices.Compact(methods)
}

func match(pattern, segs []string) (args []string, ok bool) {
	if len(pattern) != len(segs) {
		return nil, false
	}
	for i, p := range pattern {
		switch {
		case p == "{}" && segs[i] != "":
			args = append(args, segs[i])
		case p != segs[i]:
			return nil, false
		}
	}
	return args, true
}
