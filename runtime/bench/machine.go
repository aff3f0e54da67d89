package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"kcgen.dev/runtime/servertest"
)

// machine says what a result was measured on.
type machine struct {
	Hardware string `json:"hardware"`
	Versions string `json:"versions"`
}

func thisMachine() machine {
	m := machine{
		Hardware: fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), processor(), runtime.GOOS),
		Versions: strings.TrimPrefix(runtime.Version(), "go"),
	}
	m.Versions = "Go " + m.Versions + ", franz-go " + moduleVersion("github.com/twmb/franz-go") + ", Apache Kafka and Kafka Connect " + servertest.KafkaVersion
	if java := javaVersion(); java != "" {
		m.Versions += ", " + java
	}
	return m
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

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return ""
}

// javaVersion is the first line of java -version; empty where there is none.
func javaVersion() string {
	out, err := exec.Command("java", "-version").CombinedOutput()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.ReplaceAll(strings.TrimSpace(line), `"`, "")
}
