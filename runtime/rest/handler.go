package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kcgen.dev/runtime/loglevel"
	"kcgen.dev/runtime/secret"
)

// Options are what a Handler serves.
type Options struct {
	Herder     Herder
	Pipeline   string      // its name, for what to do
	Version    string      // of the program
	Commit     string      // of its source
	Connectors []Connector // of the pipeline, in its order
	Plugins    []Plugin    // the components that the program holds

	Levels   *loglevel.Levels         // nil: there are no loggers
	Users    map[string]secret.Secret // who may ask, and their passwords, resolved; none: everybody
	ReadOnly bool                     // refuse what changes something
	Hosts    []string                 // the only names (without a port) under which the server answers; none: any
	Timeout  time.Duration            // of one request; 0 is 30s
	Routes   map[string]http.Handler  // more paths, for GET alone: "/metrics"; "/debug/pprof/" has all below it
	Log      *slog.Logger             // nil is silence
}

// Connector is a connector of the pipeline.
type Connector struct {
	Name     string
	Kind     string            // "source" or "sink"
	Version  string            // of its plugin
	Config   map[string]string // as Kafka Connect has it, its name included
	Defaults map[string]bool   // what of it is as if it were left out
}

// Handler answers requests. It is safe for concurrent use.
type Handler struct {
	o      Options
	byName map[string]*Connector
	routes routes
	origin *http.CrossOriginProtection
	users  users
	big    chan struct{} // a place for each large body that is being read
}

// New makes a Handler.
func New(o Options) *Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	h := &Handler{
		o: o, byName: map[string]*Connector{}, origin: http.NewCrossOriginProtection(), users: newUsers(o.Users),
		big: make(chan struct{}, bigBodies),
	}
	for i := range o.Connectors {
		h.byName[o.Connectors[i].Name] = &h.o.Connectors[i]
	}
	for _, list := range [][]endpoint{h.root(), h.connectors(), h.lifecycle(), h.offsets(), h.plugins(), h.loggers()} {
		for _, e := range list {
			h.routes.add(e)
		}
	}
	return h
}

// call is one request to an endpoint.
type call struct {
	ctx   context.Context
	args  []string // what stands for {} in its path
	query url.Values
	body  []byte
}

// arg is the i-th {} of the path.
func (c *call) arg(i int) string {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// flag reads a query parameter as Java's Boolean.valueOf does: whatever is not
// true is false.
func (c *call) flag(name string) bool { return strings.EqualFold(c.query.Get(name), "true") }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	defer h.recovered(w)
	if err := h.admit(r); err != nil {
		if err.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="kcgen"`)
		}
		h.audit(r, err.Status)
		writeError(w, err)
		return
	}
	if extra := h.extra(r); extra != nil {
		defer occupy(r.Context())()
		extra.ServeHTTP(w, r)
		return
	}
	e, args, err := h.find(w, r)
	var a answer
	if err == nil {
		a, err = h.serve(w, r, e, args)
	}
	if err != nil {
		refused := asError(&call{args: args}, err)
		h.audit(r, refused.Status)
		writeError(w, refused)
		return
	}
	h.audit(r, a.status)
	if allow, isOptions := a.body.(options); isOptions {
		allow.write(w)
		return
	}
	write(w, a)
}

// find looks for the endpoint.
func (h *Handler) find(w http.ResponseWriter, r *http.Request) (*endpoint, []string, error) {
	segs, ok := segments(r.URL)
	if !ok {
		return nil, nil, fail(http.StatusBadRequest, "HTTP 400 Bad Request: the path cannot be read")
	}
	e, args, methods := h.routes.find(r.Method, segs)
	switch {
	case e != nil:
		return e, args, nil
	case methods == nil:
		return nil, nil, plain(http.StatusNotFound)
	}
	w.Header().Set("Allow", strings.Join(methods, ","))
	if r.Method == http.MethodOptions {
		return &endpoint{reads: true, serve: func(*call) (answer, error) { return answer{http.StatusOK, options(methods)}, nil }}, nil, nil
	}
	return nil, nil, plain(http.StatusMethodNotAllowed)
}

// options is the answer to OPTIONS.
type options []string

func (o options) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(strings.Join(o, ", ")))
}

// serve reads the body and asks the endpoint.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, e *endpoint, args []string) (answer, error) {
	if h.o.ReadOnly && changes(e) {
		return answer{}, fail(http.StatusForbidden, "This server is read-only (worker.rest.readOnly): %s requests that change something are refused", r.Method)
	}
	if !accepts(r) {
		return answer{}, plain(http.StatusNotAcceptable)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return answer{}, fail(http.StatusBadRequest, "The query cannot be read; escape '%%' as %%25 and ';' as %%3B")
	}
	c := &call{args: args, query: query}
	if e.body {
		if c.body, err = h.readBody(w, r); err != nil {
			return answer{}, err
		}
	}
	defer occupy(r.Context())()
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Timeout)
	defer cancel()
	c.ctx = ctx
	return e.serve(c)
}

// changes says whether an endpoint changes anything.
func changes(e *endpoint) bool { return e.method != http.MethodGet && !e.reads }

// accepts says whether the client takes JSON.
func accepts(r *http.Request) bool {
	list := r.Header.Values("Accept")
	if len(list) == 0 {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(list, ","), ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "*/*", "application/*", "application/json", "":
			return true
		case "text/plain", "text/*":
			if r.Method == http.MethodOptions {
				return true
			}
		}
	}
	return false
}

// recovered answers a fault of this program.
func (h *Handler) recovered(w http.ResponseWriter) {
	if fault := recover(); fault != nil {
		if err, is := fault.(error); is && errors.Is(err, http.ErrAbortHandler) {
			panic(fault)
		}
		h.o.Log.Error("rest: a request failed by a fault of kcgen", "fault", fault)
		writeError(w, &Error{http.StatusInternalServerError, "HTTP 500 Internal Server Error"})
	}
}

// extra finds a path of Options.Routes.
func (h *Handler) extra(r *http.Request) http.Handler {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	for path, handler := range h.o.Routes {
		if r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path) {
			return handler
		}
	}
	return nil
}

// maxLogged is the most that is logged of what a client sent.
const maxLogged = 200

// audit logs what would change something, and who wanted it.
func (h *Handler) audit(r *http.Request, status int) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return
	}
	user, _, _ := r.BasicAuth()
	h.o.Log.Info("rest: request", "method", clip(r.Method), "path", clip(r.URL.EscapedPath()), "status", status, "user", clip(user), "from", r.RemoteAddr)
}

func clip(s string) string {
	if len(s) > maxLogged {
		return s[:maxLogged] + "…"
	}
	return s
}
