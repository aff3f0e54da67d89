package debezium

import "kcgen.dev/runtime/connect"

// Flow says what becomes of schemas.
func (e ExtractNewRecordState) Flow(s *connect.Shape) error { return nil }

// Flow says what becomes of schemas.
func (e EventRouter) Flow(s *connect.Shape) error { return nil }

// Flow says what becomes of schemas.
func (b ByLogicalTableRouter) Flow(s *connect.Shape) error { return nil }
