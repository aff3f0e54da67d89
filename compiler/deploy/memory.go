package deploy

// What a program takes, in MiB, with room: by itself, and for each task, which
// has buffers of the usual size.
const (
	ownMemory  = 256
	taskMemory = 8
)

// A producer holds two requests of the largest size, and a consumer some times
// of what it fetches at once, where the spec says how large they are.
const (
	heldRequests = 2
	heldFetches  = 6
)

// memory is the most that a program of so many tasks should be given, in MiB.
func (n *needs) memory(tasks int) int {
	set := heldRequests*n.largest["maxRequestSize"] + heldFetches*n.largest["fetchMaxBytes"]
	return ownMemory + tasks*(taskMemory+int(set>>20))
}
