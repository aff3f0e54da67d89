package sql

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.AltersOffsets = Source{}

// AlterOffsets refuses offsets that a start would refuse, or never look at.
func (s Source) AlterOffsets(offsets []connect.AlteredOffset) error {
	for _, o := range offsets {
		if o.Offset == nil {
			continue
		}
		if s.Mode == bulk {
			return fmt.Errorf("sql: mode %q keeps no offsets", bulk)
		}
		if err := s.checkPartition(o.Partition); err != nil {
			return fmt.Errorf("sql: partition: %w", err)
		}
		if err := s.checkOffset(o.Offset); err != nil {
			return fmt.Errorf("sql: offset of %v: %w", o.Partition, err)
		}
	}
	return nil
}

func (s Source) checkPartition(p map[string]any) error {
	if s.Query != "" {
		if p["query"] != "query" || len(p) != 1 {
			return fmt.Errorf("must be {\"query\":\"query\"}")
		}
		return nil
	}
	name, ok := p["table"].(string)
	version, has := p["protocol"]
	if !ok || name == "" || len(p) != 1+btoi(has) || has && version != "1" {
		return fmt.Errorf("must be {\"protocol\":\"1\",\"table\":NAME}, with the name's schema where there is one")
	}
	return nil
}

// checkOffset refuses what is none of the position's fields, and an offset that
// has none that the mode reads.
func (s Source) checkOffset(o connect.SourceOffset) error {
	for name := range o {
		if name != "incrementing" && name != "timestamp" && name != "timestamp_nanos" {
			return fmt.Errorf("%q is not one of \"incrementing\", \"timestamp\", \"timestamp_nanos\"", name)
		}
	}
	p, err := positionOf(o)
	switch {
	case err != nil:
		return err
	case s.byTime() && !p.hasTime:
		return fmt.Errorf("must have \"timestamp\", in milliseconds since 1970: mode %q reads by it", s.Mode)
	case s.Mode == incrementing && !p.hasNumber:
		return fmt.Errorf("must have \"incrementing\": mode %q reads by it", s.Mode)
	}
	return nil
}
