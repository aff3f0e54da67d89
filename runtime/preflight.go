package runtime

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/preflight"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/worker"
)

const checkUsage = `Usage:
  %s check [flags]

Looks at the live systems before the pipeline runs: brokers, login, topics, the
principal's rights, and what connectors and converters work with. It changes
nothing: it joins no group, makes no topic and writes no record. Each line says
what should be, and whether it is: ok, warn (the pipeline works without it),
FAIL, or ? (it cannot be told).

Exit codes: 0 nothing is missing, 1 something is, or a reference cannot be
resolved, 2 wrong usage, 3 it cannot be told.

Flags:
`

// checkCommand is the verb check.
func checkCommand(p Pipeline, args []string, stdout, stderr *os.File) int {
	set := flag.NewFlagSet(p.Name+" check", flag.ContinueOnError)
	set.SetOutput(stderr)
	brokers := set.String("brokers", "", brokersUsage)
	asJSON := set.Bool("json", false, "write the findings as JSON")
	timeout := set.Duration("timeout", 30*time.Second, "how long everything may take")
	set.Usage = func() { fmt.Fprintf(set.Output(), checkUsage, p.Name); set.PrintDefaults() }
	if code, end := parseAlone(p, set, args, func() error {
		if *timeout <= 0 {
			return fmt.Errorf("-timeout %v is not positive", *timeout)
		}
		return nil
	}); end {
		return code
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	ctx, cancelTime := context.WithTimeout(ctx, *timeout)
	defer cancelTime()
	report, err := Check(ctx, p, Options{Brokers: brokersOf(*brokers)})
	if err == nil && *asJSON {
		err = report.JSON(stdout)
	} else if err == nil {
		report.Text(stdout)
	}
	if err != nil {
		return tell(stderr, p, err)
	}
	return report.ExitCode()
}

// parseAlone parses the flags of a verb without arguments. end says that this
// was all, with the exit code.
func parseAlone(p Pipeline, set *flag.FlagSet, args []string, check func() error) (code int, end bool) {
	if len(args) > 0 && args[0] == "help" {
		args = []string{"-h"}
	}
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0, true
	case err != nil:
		return 2, true
	}
	if err = check(); set.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(set.Output(), "%s: %v\n", p.Name, err)
		return 2, true
	}
	return 0, false
}

// Check looks at what the pipeline will work with, until ctx ends, and changes
// nothing. An error is a [FaultError]: a reference that cannot be resolved, a
// setting that no cluster could serve.
func Check(ctx context.Context, p Pipeline, o Options) (preflight.Report, error) {
	report := preflight.Report{Pipeline: p.Name}
	if o.Log == nil {
		o.Log = quietLog
	}
	cfg, err := configure(&p, o)
	if err != nil {
		return report, err
	}
	if err := worker.Validate(&cfg); err != nil {
		return report, FaultError{err}
	}
	found, err := preflight.Check(ctx, preflightOf(p, cfg))
	if err != nil {
		return report, FaultError{err}
	}
	report.Findings = found
	return report, nil
}

func preflightOf(p Pipeline, cfg worker.Config) *preflight.Pipeline {
	out := &preflight.Pipeline{Config: cfg}
	if t := p.Worker.Takeover; t != nil {
		out.Takeover = t.GroupID
	}
	if g := p.Worker.Group; g != nil {
		out.Group = &preflight.Group{
			ID:     g.ID,
			Config: kafka.NewTopic{Name: g.ConfigStorageTopic, Partitions: 1, ReplicationFactor: int16(g.ConfigStorageReplicationFactor)},
			Status: kafka.NewTopic{Name: g.StatusStorageTopic, Partitions: int32(g.StatusStoragePartitions), ReplicationFactor: int16(g.StatusStorageReplicationFactor)},
			Asks:   p.Worker.Rest != nil && !p.Worker.Rest.ReadOnly,
		}
	}
	return out
}

const grantsUsage = `Usage:
  %s grants [flags]

Prints the rights that the pipeline needs, and no other: Kafka's ACLs as commands
of kafka-acls.sh, and the statements that other systems want. No system is asked.

Exit codes: 0 done, 1 a name hangs on a reference that cannot be resolved here, 2
wrong usage.

Flags:
`

// grantsCommand is the verb grants.
func grantsCommand(p Pipeline, args []string, stdout, stderr *os.File) int {
	set := flag.NewFlagSet(p.Name+" grants", flag.ContinueOnError)
	set.SetOutput(stderr)
	principal := set.String("principal", "", "the `User:NAME` that the brokers take the pipeline for; by default the login of kafka.sasl")
	asJSON := set.Bool("json", false, "write the rights as JSON")
	set.Usage = func() { fmt.Fprintf(set.Output(), grantsUsage, p.Name); set.PrintDefaults() }
	if code, end := parseAlone(p, set, args, func() error {
		if *principal != "" && !strings.Contains(*principal, ":") {
			return fmt.Errorf("-principal %q has no type: say User:%[1]s", *principal)
		}
		return nil
	}); end {
		return code
	}
	g, err := GrantsOf(p, *principal)
	if err == nil {
		err = writeGrants(g, *asJSON, stdout)
	}
	return tell(stderr, p, err)
}

func writeGrants(g preflight.Grants, asJSON bool, w io.Writer) error {
	if asJSON {
		return g.JSON(w)
	}
	g.Text(w)
	return nil
}

// GrantsOf says which rights a pipeline needs; principal may be empty where the
// login says it. References that cannot be resolved here matter only where a
// name hangs on them: no secret is needed.
func GrantsOf(p Pipeline, principal string) (preflight.Grants, error) {
	unresolved := secret.Resolve(&p)
	var servers []string
	for _, b := range p.Kafka.Brokers {
		if !refers(b) {
			servers = append(servers, b)
		}
	}
	p.Kafka.Brokers = servers
	p.Worker.fill()
	cfg := translate(p)
	if principal == "" {
		principal = p.Kafka.Principal()
	}
	if principal == "" {
		return preflight.Grants{}, FaultError{errors.New("only the brokers know which principal the login is for: say -principal User:NAME")}
	}
	g, err := preflight.GrantsOf(preflightOf(p, cfg), principal)
	if err != nil {
		return g, FaultError{err}
	}
	var text strings.Builder
	if err := g.JSON(&text); err != nil {
		return g, err
	}
	if unresolved != nil && refers(text.String()) {
		return g, FaultError{unresolved}
	}
	return g, nil
}

// refers is whether text has a reference in it.
func refers(text string) bool {
	for _, kind := range []string{"${env:", "${file:", "${dir:"} {
		if strings.Contains(text, kind) {
			return true
		}
	}
	return false
}
