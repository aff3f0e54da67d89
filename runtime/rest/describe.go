package rest

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/props"
)

// Describe says what a pipeline (a runtime.Pipeline) holds, as Kafka Connect
// would. It wants the pipeline before its references are resolved: then nothing
// that is shown holds what a reference stands for.
func Describe(pipeline any, version string) ([]Connector, []Plugin) {
	var connectors []Connector
	common := map[string][]connect.Option{}
	for _, c := range props.Connectors(pipeline) {
		connectors = append(connectors, Connector{c.Name, c.Kind, version, c.Config, c.Defaults})
	}
	for _, kind := range []string{"source", "sink"} {
		common[kind] = props.Common(pipeline, kind)
	}
	var plugins []Plugin
	for _, c := range props.Components(pipeline) {
		plugins = append(plugins, Plugin{c.Class, c.Path, c.Type, version, c.Options, common[c.Type]})
	}
	return connectors, plugins
}
