package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

type configValue struct {
	Name        string   `json:"name"`
	Value       *string  `json:"value"`
	Recommended []string `json:"recommended_values"`
	Errors      []string `json:"errors"`
	Visible     bool     `json:"visible"`
}

type configInfo struct {
	Definition definition  `json:"definition"`
	Value      configValue `json:"value"`
}

type configInfos struct {
	Name    string       `json:"name"`
	Errors  int          `json:"error_count"`
	Groups  []string     `json:"groups"`
	Configs []configInfo `json:"configs"`
}

// validate says what is wrong with a configuration, option by option. What
// only the spec's language can tell (patterns, bounds, options that exclude
// each other) is for kcgen vet.
func (h *Handler) validate(c *call) (answer, error) {
	cfg, err := readConfig(c.body)
	if err != nil {
		return answer{}, err
	}
	p, err := h.connectorPlugin(c.arg(0))
	if err != nil {
		return answer{}, err
	}
	if class := cfg.text("connector.class"); class != "" && h.plugin(class) != p {
		return answer{}, fail(http.StatusBadRequest, "Included connector type %s does not match request type %s", clip(class), clip(c.arg(0)))
	}
	if _, err := h.classOf(cfg); err != nil {
		return answer{}, err
	}
	return ok(judge(p, cfg))
}

// connectorPlugin is the connector of a class.
func (h *Handler) connectorPlugin(class string) (*Plugin, error) {
	p := h.plugin(class)
	if p == nil || !p.isConnector() {
		return nil, fail(http.StatusBadRequest, "Failed to find any class that implements Connector and which name matches %s, available connectors are: %s",
			clip(class), strings.Join(h.connectorClasses(), ", "))
	}
	return p, nil
}

// classOf is the connector that a configuration is for.
func (h *Handler) classOf(cfg config) (*Plugin, error) {
	class := cfg.text("connector.class")
	if class == "" {
		return nil, fail(http.StatusBadRequest, "Connector config {name=%s} contains no connector type", clip(cfg.text("name")))
	}
	return h.connectorPlugin(class)
}

// sound is an error where a configuration could not be any program's.
func (h *Handler) sound(cfg config) error {
	p, err := h.classOf(cfg)
	if err != nil {
		return err
	}
	var wrong []string
	for _, c := range judge(p, cfg).Configs {
		wrong = append(wrong, c.Value.Errors...)
	}
	if len(wrong) == 0 {
		return nil
	}
	return fail(http.StatusBadRequest, "Connector configuration is invalid and contains the following %d error(s):\n%s\n"+
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`",
		len(wrong), strings.Join(wrong, "\n"))
}

// judge goes through a configuration option by option.
func judge(p *Plugin, cfg config) configInfos {
	out := configInfos{Name: cfg.text("connector.class"), Groups: []string{}, Configs: []configInfo{}}
	for i, f := range slices.Concat(p.Common, p.Fields) {
		group, order := "", -1
		if i < len(p.Common) {
			group, order = groupOf(f.Property), i+1
		}
		if group != "" && !slices.Contains(out.Groups, group) {
			out.Groups = append(out.Groups, group)
		}
		v := valueOf(f, cfg)
		if p.Type == "sink" && (f.Property == "topics" || f.Property == "topics.regex") {
			v.Errors = append(v.Errors, topicsOf(cfg)...)
		}
		if len(v.Errors) > 0 {
			out.Errors++
		}
		out.Configs = append(out.Configs, configInfo{define(f, group, order), v})
	}
	return out
}

// topicsOf says what is wrong with a sink's topics, in both options.
func topicsOf(cfg config) []string {
	switch list, pattern := cfg.text("topics"), cfg.text("topics.regex"); {
	case list != "" && pattern != "":
		return []string{"topics and topics.regex are mutually exclusive options, but both are set."}
	case list == "" && pattern == "":
		return []string{"Must configure one of topics or topics.regex"}
	}
	return nil
}

func (h *Handler) connectorClasses() []string {
	var out []string
	for _, p := range h.o.Plugins {
		if p.isConnector() {
			out = append(out, p.Class)
		}
	}
	return out
}

// groupOf is the heading under which tools show a connector's option.
func groupOf(property string) string {
	for prefix, group := range map[string]string{
		"errors.": "Error Handling", "topic.creation.": "Topic Creation", "transforms": "Transforms", "predicates": "Predicates",
		"exactly.once.": "Exactly Once Support", "transaction.": "Exactly Once Support",
		"producer.override.": "Client Overrides", "consumer.override.": "Client Overrides",
	} {
		if strings.HasPrefix(property, prefix) {
			return group
		}
	}
	return "Common"
}

func valueOf(f connect.Option, cfg config) configValue {
	v := configValue{Name: f.Property, Recommended: append([]string{}, f.Values...), Errors: []string{}, Visible: true}
	given, is := cfg[f.Property]
	switch {
	case is && given != nil:
		v.Value = given
		if wrong := check(f, *given); wrong != "" {
			v.Errors = append(v.Errors, fmt.Sprintf("Invalid value %s for configuration %s: %s", clip(*given), f.Property, wrong))
		}
	case f.Required:
		v.Errors = append(v.Errors, fmt.Sprintf("Missing required configuration %q which has no default value.", f.Property))
	case f.Default != "":
		v.Value = &f.Default
	}
	return v
}

// check says what is wrong with a value. A reference is whatever it stands
// for.
func check(f connect.Option, v string) string {
	if strings.Contains(v, "${") {
		return ""
	}
	bits := 64
	switch f.Type {
	case "INT":
		bits = 32
		fallthrough
	case "LONG":
		if _, err := strconv.ParseInt(strings.TrimSpace(v), 10, bits); err != nil {
			return "Not a number of type " + f.Type
		}
	case "DOUBLE":
		if _, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err != nil {
			return "Not a number of type DOUBLE"
		}
	case "BOOLEAN":
		if t := strings.TrimSpace(v); !strings.EqualFold(t, "true") && !strings.EqualFold(t, "false") {
			return "Expected value to be either true or false"
		}
	}
	if len(f.Values) > 0 && !slices.Contains(f.Values, v) {
		return "String must be one of: " + strings.Join(f.Values, ", ")
	}
	return ""
}
