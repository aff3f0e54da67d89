package filestream

import "kcgen.dev/runtime/connect"

var _ connect.AltersOffsets = Source{}

// AlterOffsets checks positions as Kafka Connect's file source does. Whatever
// was left behind of other files may be deleted.
func (s Source) AlterOffsets(offsets []connect.AlteredOffset) error {
	if s.File == "" {
		return refusal("Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.")
	}
	for _, o := range offsets {
		if o.Offset == nil {
			continue
		}
		v, ok := o.Offset["position"]
		if !ok {
			return refusal("Offset objects should either be null or contain the key 'position'")
		}
		at, ok := v.(int64)
		if !ok {
			return refusal("The value for the 'position' key in the offset is expected to be a Long value")
		}
		if at < 0 {
			return refusal("The value for the 'position' key in the offset should be a non-negative value")
		}
		if _, ok := o.Partition["filename"]; !ok {
			return refusal("Partition objects should contain the key 'filename'")
		}
	}
	return nil
}

// refusal is an error in Kafka Connect's own words.
type refusal string

// Error is the words.
func (r refusal) Error() string { return string(r) }
