package rest

import (
	"net/http"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
)

func (h *Handler) plugins() []endpoint {
	return []endpoint{
		{method: "GET", path: "/connector-plugins", serve: h.listPlugins},
		{method: "GET", path: "/connector-plugins/{}/config", serve: h.pluginConfig},
		{method: "PUT", path: "/connector-plugins/{}/config/validate", serve: h.validate, body: true, reads: true},
	}
}

// Plugin is a component that the program holds.
type Plugin struct {
	Class   string // as the spec's use: "filestream.Source"
	Path    string // its Go import path and type
	Type    string // Kafka Connect's: "source", "sink", "transformation", "predicate", "converter", "header_converter"
	Version string
	Fields  []connect.Option // its options
	Common  []connect.Option // of a connector: the options of every one of its kind
}

func (p *Plugin) isConnector() bool { return p.Type == "source" || p.Type == "sink" }

type pluginInfo struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

// listPlugins lists connectors alone, but for connectorsOnly=false (KIP-769).
func (h *Handler) listPlugins(c *call) (answer, error) {
	all := c.query.Has("connectorsOnly") && !c.flag("connectorsOnly")
	out := []pluginInfo{}
	for _, p := range h.o.Plugins {
		if all || p.isConnector() {
			out = append(out, pluginInfo{p.Class, p.Type, p.Version})
		}
	}
	return ok(out)
}

// plugin finds a component by its class, by its import path and type, or by
// the last word of these where only one has it.
func (h *Handler) plugin(name string) *Plugin {
	var short []*Plugin
	for i := range h.o.Plugins {
		p := &h.o.Plugins[i]
		if name == p.Class || name == p.Path {
			return p
		}
		if strings.HasSuffix(p.Class, "."+name) {
			short = append(short, p)
		}
	}
	if len(short) > 0 && !slices.ContainsFunc(short, func(p *Plugin) bool { return p.Path != short[0].Path }) {
		return short[0]
	}
	return nil
}

// definition is one option, as Kafka Connect's tools want it.
type definition struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	Required      bool     `json:"required"`
	Default       *string  `json:"default_value"`
	Importance    string   `json:"importance"`
	Documentation string   `json:"documentation"`
	Group         *string  `json:"group"`
	Order         int      `json:"order_in_group"`
	Width         string   `json:"width"`
	DisplayName   string   `json:"display_name"`
	Dependents    []string `json:"dependents"`
}

// define describes an option. The spec's language knows no importance: what is
// required is important.
func define(f connect.Option, group string, order int) definition {
	d := definition{
		Name: f.Property, Type: f.Type, Required: f.Required, Importance: "MEDIUM", Documentation: f.Doc,
		Order: order, Width: "NONE", DisplayName: f.Property, Dependents: []string{},
	}
	if f.Required {
		d.Importance = "HIGH"
	} else if f.Default != "" {
		d.Default = &f.Default
	}
	if group != "" {
		d.Group, d.Width = &group, "MEDIUM"
	}
	return d
}

func (h *Handler) pluginConfig(c *call) (answer, error) {
	p := h.plugin(c.arg(0))
	if p == nil {
		return answer{}, fail(http.StatusNotFound, "Unknown plugin %s.", clip(c.arg(0)))
	}
	out := []definition{}
	for _, f := range p.Fields {
		out = append(out, define(f, "", -1))
	}
	return ok(out)
}
