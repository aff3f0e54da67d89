package servertest

import (
	"context"
	_ "embed"
)

//go:embed connect/pom.xml
var connectPOM string

// InstallConnect fetches the jars of Kafka Connect's converters and transforms
// and of an Avro converter, unless they are there, and returns their folder.
// No test needs them; benchmarks do.
func InstallConnect(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "connect", version: kafkaVersion, files: connectPOM,
		build: func(ctx context.Context, dir string) error { return mavenJars(ctx, connectPOM, dir) },
	})
}
