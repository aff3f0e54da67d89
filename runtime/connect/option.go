package connect

// Option is what Kafka Connect's tools are told of one option of a component.
type Option struct {
	Name     string   // as the spec spells it: "batchSize"
	Property string   // as Kafka Connect spells it: "batch.size"; one that ends in ".*" is where several begin
	Type     string   // Kafka Connect's: STRING, INT, LONG, DOUBLE, BOOLEAN, LIST, CLASS, PASSWORD; "" has options of its own
	Default  string   // as a property's text; "" is none
	Values   []string // a text's only values, where the definition lists them
	Required bool
	Doc      string
}

// Described is a component, or a part of a pipeline, that says what its
// options are. kcgen types writes the method, from the definition in CUE. An
// option's value stands in the struct's field with its name as the json tag.
type Described interface {
	ConfigDef() []Option
}
