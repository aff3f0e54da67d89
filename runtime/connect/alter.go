package connect

// AltersOffsets is a source that has its say when somebody alters or resets its
// offsets from outside (Connect's SourceConnector.alterOffsets).
type AltersOffsets interface {
	Source
	// AlterOffsets is an error where the offsets cannot be those of the source,
	// as it is filled in; then none of them is written. It is called while no
	// task of the source runs.
	AlterOffsets(offsets []AlteredOffset) error
}

// AlteredOffset is an offset that is about to be written.
type AlteredOffset struct {
	Partition map[string]any
	Offset    SourceOffset // nil: it is deleted
}
