package avro

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

// paramsJSON is the schema's parameters, or nil.
func (c *fromConnect) paramsJSON(s *connect.Schema) *jsonValue {
	params := &jsonValue{kind: jsonObject}
	for _, p := range s.Params() {
		if c.discardDocs || p.Key != paramFromDefault {
			params.add(p.Key, jsonText(p.Value))
		}
	}
	if len(params.names) == 0 {
		return nil
	}
	return params
}

// annotate adds what Avro has no attribute for.
func (c *fromConnect) annotate(to *schema, s *connect.Schema) error {
	if c.metaData {
		if err := c.addMetaData(to, s); err != nil {
			return err
		}
	}
	if l := s.Logical(); l != connect.NotLogical {
		if logicalKinds[l] != s.Kind() {
			return fmt.Errorf("schema %s is %v, where a %v is %v", s.Name(), s.Kind(), l, logicalKinds[l])
		}
		if err := to.setProp(propLogical, jsonText(logicalNames[l])); err != nil {
			return err
		}
	}
	for _, p := range s.Params() {
		if strings.HasPrefix(p.Key, "avro") {
			if err := to.setProp(p.Key, jsonText(p.Value)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *fromConnect) addMetaData(to *schema, s *connect.Schema) error {
	var errs []error
	set := func(name string, v *jsonValue) { errs = append(errs, to.setProp(name, v)) }
	if s.Doc() != "" {
		set(propDoc, jsonText(s.Doc()))
	}
	if v, ok := s.Version(); ok {
		set(propVersion, jsonInt(int64(v)))
	}
	if params := c.paramsJSON(s); params != nil {
		set(propParams, params)
	}
	if def, ok := s.Default(); ok {
		if _, fromAvro := s.Param(paramFromDefault); c.discardDocs || !fromAvro {
			v, err := c.defaultJSON(s, def)
			if err != nil {
				return fmt.Errorf("default: %w", err)
			}
			set(propDefault, v)
		}
	}
	if s.Name() != "" {
		set(propName, jsonText(s.Name()))
	}
	switch s.Kind() {
	case connect.KindInt8:
		set(propType, jsonText("int8"))
	case connect.KindInt16:
		set(propType, jsonText("int16"))
	}
	return firstErr(errs...)
}

// annotate adds what Connect has beside the type.
func (t *toConnect) annotate(b *connect.SchemaBuilder, a *schema, doc *string) error {
	t.addDoc(b, a, doc)
	if v := a.prop(propVersion); v != nil {
		n, ok := v.integer()
		if !ok || n != int64(int32(n)) {
			return fmt.Errorf("%s is %s, not a number", propVersion, appendJSON(nil, v))
		}
		b.Version(int32(n))
	}
	if err := t.addParams(b, a); err != nil {
		return err
	}
	return setName(b, a)
}

func (t *toConnect) addDoc(b *connect.SchemaBuilder, a *schema, doc *string) {
	own, has := a.prop(propDoc).str()
	if !t.discardDocs {
		if t.metaData && has {
			b.Doc(own)
		}
		return
	}
	switch {
	case doc != nil:
		b.Doc(*doc)
	case a.doc != nil:
		b.Doc(*a.doc)
	case has:
		b.Doc(own)
	}
	if t.metaData && a.doc != nil {
		b.Param(paramPlainRecord, *a.doc)
	}
}

func (t *toConnect) addParams(b *connect.SchemaBuilder, a *schema) error {
	if params := a.prop(propParams); params != nil && t.metaData {
		if params.kind != jsonObject {
			return fmt.Errorf("%s is %s, not an object", propParams, appendJSON(nil, params))
		}
		for i, name := range params.names {
			text, ok := params.elems[i].str()
			if !ok {
				return fmt.Errorf("%s: %q is %s, not a string", propParams, name, appendJSON(nil, params.elems[i]))
			}
			b.Param(name, text)
		}
	}
	for i, name := range a.props.names {
		if strings.HasPrefix(name, "avro") {
			v := a.props.elems[i]
			text, ok := v.str()
			if !ok {
				text = string(appendJSON(nil, v))
			}
			b.Param(name, text)
		}
	}
	return nil
}

// setName names the schema: as Connect named it, or as Avro does.
func setName(b *connect.SchemaBuilder, a *schema) error {
	s, err := b.Build()
	if err != nil {
		return err
	}
	name, given := a.prop(propName).str()
	switch {
	case given:
	case a.prop(propName) != nil:
		return fmt.Errorf("%s is %s, not a string", propName, appendJSON(nil, a.prop(propName)))
	case !a.kind.named(), a.kind == kindFixed && s.Logical() == connect.LogicalDecimal:
		return nil
	default:
		name = a.fullName()
	}
	if strings.HasPrefix(name, namespace+"."+defaultName) {
		return nil
	}
	if s.Name() != "" && s.Name() != name {
		return fmt.Errorf("%s is %q, but the type says %q", propName, name, s.Name())
	}
	b.Name(name)
	return nil
}
