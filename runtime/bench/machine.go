package main

import (
	"runtime/debug"

	"kcgen.dev/runtime/bench/report"
	"kcgen.dev/runtime/servertest"
)

// machine says what a result was measured on.
type machine struct {
	Hardware string `json:"hardware"`
	Versions string `json:"versions"`
}

func thisMachine() machine {
	m := machine{
		Hardware: report.Hardware(),
		Versions: report.Go() + ", franz-go " + moduleVersion("github.com/twmb/franz-go") + ", Apache Kafka and Kafka Connect " + servertest.KafkaVersion,
	}
	if java := report.Java(); java != "" {
		m.Versions += ", " + java
	}
	return m
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
