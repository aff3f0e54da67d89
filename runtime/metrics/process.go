package metrics

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"
)

var begun = time.Now()

// process writes what Prometheus' own clients write of a process, as far as the
// system tells.
func process(t *text) {
	if cpu, ok := processorTime(); ok {
		t.counter("process_cpu_seconds_total", "Processor time of the process.").add(cpu.Seconds())
	}
	if n, ok := resident(); ok {
		t.gauge("process_resident_memory_bytes", "Resident memory of the process.").add(float64(n))
	}
	t.gauge("process_start_time_seconds", "When the process began, in seconds since 1970.").add(float64(begun.UnixMilli()) / 1000)
	t.gauge("go_goroutines", "Goroutines of the process.").add(float64(runtime.NumGoroutine()))
	t.gauge("go_info", "The Go that compiled the program.").add(1, "version", runtime.Version())
}

// resident is the resident memory, where /proc has it.
func resident() (int64, bool) {
	b, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(b)
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
