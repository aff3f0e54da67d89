package report

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Hardware says what a result was measured on.
func Hardware() string {
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), processor(), runtime.GOOS)
}

// processor is what Linux calls it.
func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// Go is the version that programs are built with.
func Go() string { return "Go " + strings.TrimPrefix(runtime.Version(), "go") }

// Java is the first line of java -version; empty where there is none.
func Java() string {
	out, err := exec.Command("java", "-version").CombinedOutput()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.ReplaceAll(strings.TrimSpace(line), `"`, "")
}
