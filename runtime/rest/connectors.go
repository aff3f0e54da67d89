package rest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"kcgen.dev/runtime/state"
)

func (h *Handler) connectors() []endpoint {
	return []endpoint{
		{method: "POST", path: "/connectors", serve: h.create, body: true},
		{method: "GET", path: "/connectors", serve: h.listConnectors},
		{method: "GET", path: "/connectors/{}", serve: h.getConnector},
		{method: "DELETE", path: "/connectors/{}", serve: h.deleteConnector},
		{method: "GET", path: "/connectors/{}/config", serve: h.getConfig},
		{method: "PUT", path: "/connectors/{}/config", serve: h.putConfig, body: true},
		{method: "PATCH", path: "/connectors/{}/config", serve: h.patchConfig, body: true},
		{method: "GET", path: "/connectors/{}/status", serve: h.getStatus},
	}
}

// connector finds the connector that a path names.
func (h *Handler) connector(c *call, unknown string) (*Connector, error) {
	if found := h.byName[c.arg(0)]; found != nil {
		return found, nil
	}
	return nil, fail(http.StatusNotFound, unknown, clip(c.arg(0)))
}

const notFound = "Connector %s not found"

type taskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

type info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []taskID          `json:"tasks"`
	Type   string            `json:"type"`
}

func (h *Handler) info(c *call, x *Connector) (info, error) {
	n, err := h.o.Herder.Tasks(c.ctx, x.Name)
	if err != nil {
		return info{}, err
	}
	out := info{Name: x.Name, Config: x.Config, Type: x.Kind, Tasks: []taskID{}}
	for i := range n {
		out.Tasks = append(out.Tasks, taskID{x.Name, i})
	}
	return out, nil
}

func (h *Handler) listConnectors(c *call) (answer, error) {
	if !c.query.Has("expand") {
		names := []string{}
		for _, x := range h.o.Connectors {
			names = append(names, x.Name)
		}
		return ok(names)
	}
	out := map[string]map[string]any{}
	for i := range h.o.Connectors {
		x := &h.o.Connectors[i]
		out[x.Name] = map[string]any{}
		for _, what := range c.query["expand"] {
			var err error
			switch what {
			case "info":
				out[x.Name][what], err = h.info(c, x)
			case "status":
				out[x.Name][what], err = h.status(c, x)
			}
			if err != nil {
				return answer{}, err
			}
		}
	}
	return ok(out)
}

func (h *Handler) getConnector(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	i, err := h.info(c, x)
	return answer{http.StatusOK, i}, err
}

func (h *Handler) getConfig(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	return ok(x.Config)
}

type stateInfo struct {
	State   state.Phase `json:"state"`
	Worker  string      `json:"worker_id"`
	Version string      `json:"version"`
	Trace   string      `json:"trace,omitempty"`
}

type taskInfo struct {
	ID int `json:"id"`
	stateInfo
}

type statusInfo struct {
	Name      string     `json:"name"`
	Connector stateInfo  `json:"connector"`
	Tasks     []taskInfo `json:"tasks"`
	Type      string     `json:"type"`
}

func newStatus(x *Connector, s Status) statusInfo {
	out := statusInfo{Name: x.Name, Connector: newState(x, s.Connector), Tasks: []taskInfo{}, Type: x.Kind}
	for _, t := range s.Tasks {
		out.Tasks = append(out.Tasks, taskInfo{t.Task, newState(x, t.Status)})
	}
	return out
}

func newState(x *Connector, s state.Status) stateInfo {
	return stateInfo{s.Phase, s.Worker, x.Version, s.Trace}
}

func (h *Handler) status(c *call, x *Connector) (statusInfo, error) {
	s, err := h.o.Herder.Status(c.ctx, x.Name)
	if err == nil && s.Connector.Phase == "" {
		s.Connector.Phase = state.Unassigned
	}
	return newStatus(x, s), err
}

func (h *Handler) getStatus(c *call) (answer, error) {
	x, err := h.connector(c, "No status found for connector %s")
	if err != nil {
		return answer{}, err
	}
	s, err := h.status(c, x)
	return answer{http.StatusOK, s}, err
}

// create refuses: which connectors there are is compiled.
func (h *Handler) create(c *call) (answer, error) {
	body, err := parseObject(c.body)
	if err != nil {
		return answer{}, err
	}
	for _, m := range body {
		if m.name != "name" && m.name != "config" && m.name != "initial_state" {
			return answer{}, fail(http.StatusBadRequest, "Unrecognized field %q (known are \"name\", \"config\" and \"initial_state\")", clip(m.name))
		}
	}
	cfg, err := parseConfig(body.get("config"))
	if err != nil {
		return answer{}, err
	}
	name, err := nameOf(body.get("name"), cfg)
	if err != nil {
		return answer{}, err
	}
	if err := checkInitial(body.get("initial_state")); err != nil {
		return answer{}, err
	}
	cfg["name"] = &name
	if err := h.sound(cfg); err != nil {
		return answer{}, err
	}
	if h.byName[name] != nil {
		return answer{}, fail(http.StatusConflict, "Connector %s already exists", name)
	}
	return answer{}, h.compiled("add the connector " + clip(name) + " to")
}

// nameOf is the name of a connector to be made.
func nameOf(given any, cfg config) (string, error) {
	name, isText := given.(string)
	if given != nil && !isText {
		return "", fail(http.StatusBadRequest, "The name must be a text")
	}
	inside := cfg.text("name")
	switch {
	case name == "" && inside == "":
		return "", fail(http.StatusBadRequest, "Connector configuration is invalid and contains the following 1 error(s):\n"+
			"Invalid value  for configuration name: String may not be empty\n"+
			"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`")
	case name == "":
		return inside, nil
	case inside != "" && inside != name:
		return "", otherName(inside, name)
	}
	return name, nil
}

func otherName(inside, name string) error {
	return fail(http.StatusBadRequest, "Connector name configuration (%s) doesn't match connector name in the URL (%s)", clip(inside), clip(name))
}

func checkInitial(v any) error {
	s, isText := v.(string)
	switch strings.ToUpper(s) {
	case "RUNNING", "PAUSED", "STOPPED":
		return nil
	}
	if v == nil {
		return nil
	}
	if !isText {
		return fail(http.StatusBadRequest, "initial_state must be RUNNING, PAUSED or STOPPED")
	}
	return fail(http.StatusBadRequest, "initial_state must be RUNNING, PAUSED or STOPPED, not %q", clip(s))
}

// compiled is the answer to what would change the program.
func (h *Handler) compiled(what string) error {
	return fail(http.StatusConflict, "The pipeline %s is a compiled program: to %s it, change its spec, run kcgen build, and deploy the new program", h.o.Pipeline, what)
}

// putConfig accepts what a connector has already.
func (h *Handler) putConfig(c *call) (answer, error) {
	cfg, err := readConfig(c.body)
	if err != nil {
		return answer{}, err
	}
	name := c.arg(0)
	if inside := cfg["name"]; inside != nil && *inside != name {
		return answer{}, otherName(*inside, name)
	}
	cfg["name"] = &name
	x := h.byName[name]
	if x != nil {
		return h.accept(c, x, cfg)
	}
	if err := h.sound(cfg); err != nil {
		return answer{}, err
	}
	return answer{}, h.compiled("add the connector " + clip(name) + " to")
}

// patchConfig accepts what changes nothing (KIP-477).
func (h *Handler) patchConfig(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	patch, err := readConfig(c.body)
	if err != nil {
		return answer{}, err
	}
	whole := config{}
	for k, v := range x.Config {
		whole[k] = &v
	}
	for k, v := range patch {
		if v == nil {
			delete(whole, k)
			continue
		}
		whole[k] = v
	}
	if inside := whole["name"]; inside != nil && *inside != x.Name {
		return answer{}, otherName(*inside, x.Name)
	}
	return h.accept(c, x, whole)
}

// differences are the properties that a configuration has otherwise than the
// program. What is left out is as the default.
func differences(x *Connector, cfg config) []string {
	var out []string
	for k, v := range cfg {
		if have, is := x.Config[k]; v != nil && (!is || have != *v) || v == nil && is && !x.Defaults[k] {
			out = append(out, k)
		}
	}
	for k := range maps.Keys(x.Config) {
		if _, given := cfg[k]; !given && k != "name" && !x.Defaults[k] {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// maxNamed is the most properties that an answer names.
const maxNamed = 20

func (h *Handler) accept(c *call, x *Connector, cfg config) (answer, error) {
	if differs := differences(x, cfg); len(differs) > 0 {
		if err := h.sound(cfg); err != nil {
			return answer{}, err
		}
		for i := range differs {
			differs[i] = clip(differs[i])
		}
		if len(differs) > maxNamed {
			differs = append(differs[:maxNamed], "…")
		}
		return answer{}, h.compiled("change " + strings.Join(differs, ", ") + " of the connector " + x.Name + " in")
	}
	i, err := h.info(c, x)
	return answer{http.StatusOK, i}, err
}

func (h *Handler) deleteConnector(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	return answer{}, h.compiled("take the connector " + x.Name + " out of")
}
