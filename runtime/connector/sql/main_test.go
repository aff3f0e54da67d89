package sql

import (
	"testing"

	"kcgen.dev/runtime/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
