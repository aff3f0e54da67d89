package rest

import (
	"net/http"
	"time"

	"kcgen.dev/runtime/loglevel"
)

func (h *Handler) loggers() []endpoint {
	return []endpoint{
		{method: "GET", path: "/admin/loggers", serve: h.listLoggers},
		{method: "GET", path: "/admin/loggers/{}", serve: h.getLogger},
		{method: "PUT", path: "/admin/loggers/{}", serve: h.setLogger, body: true},
	}
}

type loggerInfo struct {
	Level    string `json:"level"`
	Modified *int64 `json:"last_modified"` // milliseconds
}

func newLogger(s loglevel.State) loggerInfo {
	out := loggerInfo{Level: loglevel.Name(s.Level)}
	if !s.Modified.IsZero() {
		ms := s.Modified.UnixMilli()
		out.Modified = &ms
	}
	return out
}

func (h *Handler) listLoggers(*call) (answer, error) {
	out := map[string]loggerInfo{}
	if h.o.Levels != nil {
		for name, s := range h.o.Levels.All() {
			out[name] = newLogger(s)
		}
	}
	return ok(out)
}

func (h *Handler) getLogger(c *call) (answer, error) {
	if h.o.Levels != nil {
		if s, found := h.o.Levels.Get(c.arg(0)); found {
			return ok(newLogger(s))
		}
	}
	return answer{}, noLogger(c.arg(0))
}

func noLogger(name string) error {
	return fail(http.StatusNotFound, "Logger %s not found.", clip(name))
}

// setLogger sets a level here, or in every instance (KIP-976).
func (h *Handler) setLogger(c *call) (answer, error) {
	body, err := parseObject(c.body)
	if err != nil {
		return answer{}, err
	}
	given := body.get("level")
	if given == nil {
		return answer{}, fail(http.StatusBadRequest, "Desired 'level' parameter was not specified in request.")
	}
	text, _ := given.(string)
	level, known := loglevel.Parse(text)
	if !known {
		return answer{}, fail(http.StatusNotFound, "invalid log level '%s'.", clip(text))
	}
	if c.query.Get("scope") == "cluster" {
		return answer{status: http.StatusNoContent}, h.o.Herder.SetLevel(c.ctx, c.arg(0), loglevel.Name(level))
	}
	if h.o.Levels != nil {
		if set := h.o.Levels.Set(c.arg(0), level, time.Now()); len(set) > 0 {
			return ok(set)
		}
	}
	return answer{}, noLogger(c.arg(0))
}
