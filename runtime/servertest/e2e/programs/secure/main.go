// Command secure ships a file to a topic and the topic to a file, over TLS and
// with the SASL mechanism E2E_SASL, where there is one. With E2E_WORKERS it
// shares its tasks in a group of that name, and delivers exactly once. With
// E2E_CREATE the source makes its topic; with E2E_JSON the sink takes records for
// JSON. With E2E_PASSWORD_FILE the password is there, and a task that has failed
// is started again.
package main

import (
	"os"
	"time"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/security"
	"kcgen.dev/runtime/servertest/e2e/programs/base"
)

func main() {
	p := base.Pipeline("e2e-secure")
	p.Sources = []runtime.Source{base.Source("e2e-secure-source")}
	p.Sinks = []runtime.Sink{base.Sink("e2e-secure-sink")}
	// A group of its own for each run: the cases share the broker. Who is refused
	// cannot leave his.
	p.Sinks[0].Consumer = &kafka.Consumer{GroupID: "${env:E2E_GROUP}", SessionTimeout: 6 * time.Second, HeartbeatInterval: 2 * time.Second}
	p.Worker.OffsetStorageTopic = "${env:E2E_OFFSETS}"
	p.Kafka.TLS = &security.TLS{
		CAFile: os.Getenv("E2E_CA"), CertFile: os.Getenv("E2E_CERT"), KeyFile: os.Getenv("E2E_KEY"),
		ServerName: os.Getenv("E2E_SERVER_NAME"),
	}
	if m := os.Getenv("E2E_SASL"); m != "" {
		p.Kafka.SASL = &kafka.SASL{
			Mechanism: m, Username: os.Getenv("E2E_USER"), Password: given("E2E_PASSWORD"),
			Token: given("E2E_TOKEN"), TokenEndpointURL: os.Getenv("E2E_TOKEN_URL"),
			ClientID: os.Getenv("E2E_CLIENT_ID"), ClientSecret: given("E2E_CLIENT_SECRET"), Scope: "kafka",
		}
	}
	if file := os.Getenv("E2E_PASSWORD_FILE"); file != "" {
		p.Kafka.SASL.Password = secret.Ref("${file:" + file + ":password}")
		p.Worker.Restart = &runtime.Restart{Delay: 200 * time.Millisecond, DelayMax: time.Second, Limit: 1000}
	}
	if os.Getenv("E2E_CREATE") != "" {
		p.Sources[0].TopicCreation = &runtime.TopicCreation{Default: runtime.TopicDefaults{ReplicationFactor: 1, Partitions: 1}}
	}
	if os.Getenv("E2E_JSON") != "" {
		p.Sinks[0].ValueConverter = base.JSON
	}
	if id := os.Getenv("E2E_WORKERS"); id != "" {
		share(&p, id)
	}
	runtime.Main(p)
}

// share makes it one instance of a group, whose topics are called after it.
func share(p *runtime.Pipeline, id string) {
	p.Worker.Group = &runtime.Group{ID: id, ConfigStorageTopic: id + "-configs", StatusStorageTopic: id + "-statuses", StatusStoragePartitions: 1}
	p.Sources[0].ExactlyOnce = &runtime.ExactlyOnce{TransactionBoundary: "poll", TransactionTimeout: time.Minute}
	p.Sinks[0].Consumer.IsolationLevel = "read_committed"
	p.Sinks[0].Errors.Tolerance = "all"
	p.Sinks[0].Errors.DeadLetterQueue = &runtime.DeadLetterQueue{TopicName: id + "-letters", TopicReplicationFactor: -1}
}

// given is a reference to a variable that is set; else the secret is left out.
func given(name string) secret.Secret {
	if os.Getenv(name) == "" {
		return secret.Secret{}
	}
	return secret.Ref("${env:" + name + "}")
}
