package emit

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/dave/jennifer/jen"

	"kcgen.dev/runtime/fuse/recipe"
)

// forms are the tests of package fuse for a record's form, structs what gives
// the slots of one. Appenders append a part of a record, and of what the text is;
// slotAppenders a slot, some with what it is.
var (
	forms     = map[string]bool{"IsText": true, "IsOptionalText": true}
	structs   = map[string]bool{"Struct": true, "BareStruct": true}
	appenders = map[string]bool{
		recipe.JSON: true, recipe.JSONTopic: true, recipe.Millis: true, recipe.Avro: true, recipe.AvroTopic: true, recipe.AvroTime: true,
	}
	protoAppenders = map[string]bool{recipe.ProtoText: true, recipe.ProtoTopic: true}
	slotAppenders  = map[string]func(recipe.Piece) ([]jen.Code, error){
		recipe.JSONString: noArg, recipe.JSONOf: kindArg, recipe.JSONInstant: kindArg, recipe.JSONDecimal: scaleArg, recipe.JSONNumber: noArg,
		recipe.Proto:      protoArgs,
		recipe.AvroString: noArg, recipe.AvroOf: kindArg, recipe.AvroInstant: kindArg, recipe.AvroDecimal: scaleArg, recipe.TextOf: kindArg,
	}
)

// appended are the statements that append pieces to a variable.
func appended(to string, pieces []recipe.Piece) ([]jen.Code, error) {
	var out []jen.Code
	for _, p := range pieces {
		if p.Append == recipe.Either {
			either, err := either(to, p)
			if err != nil {
				return nil, err
			}
			out = append(out, either)
			continue
		}
		call, err := appendCall(jen.Id(to), p)
		if err != nil {
			return nil, err
		}
		out = append(out, jen.Id(to).Op("=").Add(call))
	}
	return out, nil
}

// mayMisfit is whether pieces look at what they are given.
func mayMisfit(pieces []recipe.Piece) bool {
	return slices.ContainsFunc(pieces, func(p recipe.Piece) bool {
		return p.OfSlot() || protoAppenders[p.Append] || p.Append == recipe.Either && mayMisfit(p.Else)
	})
}

// either appends one or the other, as a slot is null or not.
func either(to string, p recipe.Piece) (jen.Code, error) {
	null, err := appended(to, p.Null)
	if err != nil {
		return nil, err
	}
	other, err := appended(to, p.Else)
	if err != nil {
		return nil, err
	}
	isNull := slot(p.Slot).Dot("IsNull").Call()
	switch {
	case len(null) == 0:
		return jen.If(jen.Op("!").Add(isNull)).Block(other...), nil
	case len(other) == 0:
		return jen.If(isNull).Block(null...), nil
	}
	return jen.If(isNull).Block(null...).Else().Block(other...), nil
}

// appendCall is the call that appends a piece.
func appendCall(to jen.Code, p recipe.Piece) (*jen.Statement, error) {
	switch {
	case p.Append == "":
		return jen.Append(to, text(string(p.Bytes)).Op("...")), nil
	case p.Append == recipe.Raw:
		return jen.Append(to, raw().Op("...")), nil
	case appenders[p.Append]:
		return jen.Qual(fusePkg.Path, p.Append).Call(to, jen.Id("r")), nil
	case protoAppenders[p.Append]:
		return jen.Id("t").Dot(p.Append).Call(to, jen.Id("r"), jen.Lit(int(p.Tag)), jen.Lit(p.Always)), nil
	}
	arg := slotAppenders[p.Append]
	if arg == nil || p.Slot < 0 {
		return nil, fmt.Errorf("the piece %q of slot %d", p.Append, p.Slot)
	}
	args, err := arg(p)
	return jen.Id("t").Dot(p.Append).Call(append([]jen.Code{to, slot(p.Slot)}, args...)...), err
}

// raw is a record's text.
func raw() *jen.Statement { return jen.Id("r").Dot("Value").Dot("Value").Dot("Raw").Call() }

// slot is a field of the struct that a record is.
func slot(i int) *jen.Statement { return jen.Id("in").Index(jen.Lit(i)) }

func noArg(recipe.Piece) ([]jen.Code, error)      { return nil, nil }
func scaleArg(p recipe.Piece) ([]jen.Code, error) { return []jen.Code{jen.Lit(int(p.Scale))}, nil }

func kindArg(p recipe.Piece) ([]jen.Code, error) {
	of, err := kind(p.Kind)
	return []jen.Code{of}, err
}

func protoArgs(p recipe.Piece) ([]jen.Code, error) {
	of, err := kind(p.Kind)
	return []jen.Code{of, jen.Lit(int(p.Tag)), jen.Lit(p.Always)}, err
}

var kindName = regexp.MustCompile(`^(Kind|Logical)[A-Z][a-z]+[0-9]*$`)

// kind is a name of package connect.
func kind(name string) (jen.Code, error) {
	if !kindName.MatchString(name) {
		return nil, fmt.Errorf("the kind %q", name)
	}
	return jen.Qual(connectPkg.Path, name), nil
}

// slotNeed is whether a slot is not what it has to be.
func slotNeed(n recipe.Need) (jen.Code, error) {
	switch {
	case n.Slot < 0:
		return nil, fmt.Errorf("slot %d", n.Slot)
	case n.Kind == "":
		return slot(n.Slot).Dot("IsNull").Call(), nil
	}
	of, err := kind(n.Kind)
	is := "Is"
	if n.Null {
		is = "IsOptional"
	}
	return jen.Op("!").Qual(fusePkg.Path, is).Call(slot(n.Slot), of), err
}
