package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of times in /proc: every Linux counts them in hundredths.
const tick = 10 * time.Millisecond

func sample(pid int) (s Sample, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return s, fmt.Errorf("proc: sample: %w", err)
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return s, fmt.Errorf("proc: sample: %w", err)
	}
	// The second field is the program's name in parentheses, with whatever in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return s, fmt.Errorf("proc: sample: %s/stat has %d fields", dir, len(fields))
	}
	s.CPU = time.Duration(number(fields[11])+number(fields[12])) * tick
	for line := range bytes.Lines(status) {
		switch f := bytes.Fields(line); {
		case len(f) < 2:
		case string(f[0]) == "VmHWM:":
			s.Peak = number(f[1]) << 10
		case string(f[0]) == "VmRSS:":
			s.RSS = number(f[1]) << 10
		}
	}
	return s, nil
}

// number is 0 for what is none.
func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64)
	return n
}
