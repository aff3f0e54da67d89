package protobuf

import (
	"testing"

	"kcgen.dev/runtime/servertest/registrytest"
)

func TestDecodesNulls(t *testing.T) { registrytest.DecodesNulls(t, Converter{}) }
