package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/worker"
)

const offsetsUsage = `Usage:
  %[1]s offsets list  [flags] [CONNECTOR…]
  %[1]s offsets set   [flags] FILE
  %[1]s offsets reset [flags] CONNECTOR…

list shows where connectors stand: as a table on a terminal, else as JSON. Of
one connector that is Kafka Connect's own document, the one of GET
/connectors/NAME/offsets:

  {"offsets": [{"partition": {"filename": "/in"}, "offset": {"position": 17}}]}

and of several {"NAME": {"offsets": […]}, …}. set takes either form from FILE,
or from the standard input where FILE is "-". An offset that is null is deleted;
what is not named stays. reset deletes all. The positions of one source change
all at once or not at all; those of a sink are set at once, and those to be
deleted are deleted behind that.

Who reads must not run meanwhile: stop every instance, or stop the connector by
REST (PUT /connectors/NAME/stop). Of a sink, and of every connector where
worker.group is given, that is checked. Of a source without a group nobody can
tell whether another process runs it.

Exit codes: 0 done, 1 refused or failed (nothing of the connector that is named
was changed, unless the message says that this is not known), 2 wrong usage,
3 no broker answered.

Flags:
`

// offsetsFlags is the command line of the verb offsets.
type offsetsFlags struct {
	brokers, format, connector string
	timeout                    time.Duration
	set                        *flag.FlagSet
}

// offsetsCommand is the verb offsets: it lists, sets and resets positions.
func offsetsCommand(p Pipeline, args []string, in io.Reader, stdout, stderr *os.File) int {
	f := &offsetsFlags{set: flag.NewFlagSet(p.Name+" offsets", flag.ContinueOnError)}
	f.set.SetOutput(stderr)
	f.set.StringVar(&f.brokers, "brokers", "", brokersUsage)
	f.set.StringVar(&f.format, "format", "auto", "of list: text, json, or auto (text on a terminal)")
	f.set.StringVar(&f.connector, "connector", "", "of set: the `name` of the connector that Kafka Connect's document is of; not needed where there is one")
	f.set.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long everything may take")
	f.set.Usage = func() {
		fmt.Fprintf(f.set.Output(), offsetsUsage, p.Name)
		f.set.PrintDefaults()
	}
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	if verb == "help" {
		verb, args = "", []string{"-h"}
	}
	if err := f.set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if err := f.check(verb, p); err != nil {
		fmt.Fprintf(stderr, "%s: %v; see %[1]s offsets help\n", p.Name, err)
		return 2
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	ctx, cancelTime := context.WithTimeout(ctx, f.timeout)
	defer cancelTime()
	return tell(stderr, p, f.run(ctx, verb, p, in, stdout))
}

// check finds wrong usage.
func (f *offsetsFlags) check(verb string, p Pipeline) error {
	args := f.set.Args()
	switch {
	case verb != "list" && verb != "set" && verb != "reset":
		return fmt.Errorf("unknown command %q; there are offsets list, offsets set and offsets reset", strings.TrimSpace("offsets "+verb))
	case f.format != "auto" && f.format != "text" && f.format != "json":
		return fmt.Errorf("-format %q is not auto, text or json", f.format)
	case f.timeout <= 0:
		return fmt.Errorf("-timeout %v is not positive", f.timeout)
	case f.connector != "" && verb != "set":
		return errors.New("-connector is of set alone")
	case verb == "set":
		if len(args) != 1 {
			return errors.New("set takes one FILE, or \"-\"")
		}
		if f.connector != "" {
			args = []string{f.connector}
		} else {
			args = nil
		}
	case verb == "reset" && len(args) == 0:
		return errors.New("reset takes the names of connectors")
	}
	known := connectorNames(p)
	for _, name := range args {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no connector %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

func connectorNames(p Pipeline) []string {
	var names []string
	for _, s := range p.Sources {
		names = append(names, s.Name)
	}
	for _, s := range p.Sinks {
		names = append(names, s.Name)
	}
	return names
}

func (f *offsetsFlags) run(ctx context.Context, verb string, p Pipeline, in io.Reader, out *os.File) error {
	var changes []change
	if verb == "set" {
		var err error
		if changes, err = f.read(f.set.Arg(0), in, connectorNames(p)); err != nil {
			return err
		}
	}
	cfg, err := configure(&p, Options{Brokers: brokersOf(f.brokers)})
	if err != nil {
		return err
	}
	conn, err := kafka.Connect(cfg.Cluster, cfg.Kafka)
	if err != nil {
		return FaultError{err}
	}
	defer conn.Close()
	if err := conn.Wait(ctx, f.timeout); err != nil {
		if ctx.Err() != nil && !errors.Is(err, kafka.ErrUnreachable) {
			err = fmt.Errorf("%w: %w", kafka.ErrUnreachable, err)
		}
		return err
	}
	x, err := openPositions(ctx, verb, p, cfg, conn)
	if err != nil {
		return err
	}
	switch verb {
	case "list":
		return f.list(ctx, x, out)
	case "reset":
		for _, name := range f.set.Args() {
			changes = append(changes, change{name: name})
		}
	}
	return apply(ctx, p, x, changes, out)
}

// openPositions reads the offsets topic. To be listed or reset it is not made.
func openPositions(ctx context.Context, verb string, p Pipeline, cfg worker.Config, conn *kafka.Conn) (*positions, error) {
	if len(p.Sources) == 0 {
		return newPositions(p, cfg, conn, nil, nil), nil
	}
	topic, beside := cfg.OffsetTopic, cfg.TakeoverTopic
	if verb != "set" {
		there, err := conn.Exists(ctx, topic.Name)
		if err == nil && !there && beside != "" {
			topic.Name, beside = beside, ""
			there, err = conn.Exists(ctx, topic.Name)
		}
		if err != nil || !there {
			return newPositions(p, cfg, conn, offset.NewStore(quietLog), nil), err
		}
	}
	store, log, err := worker.OpenOffsets(ctx, ctx, conn, topic, beside, quietLog, func(error) {})
	if err != nil {
		return nil, err
	}
	return newPositions(p, cfg, conn, store, log), nil
}

// change is what is to be done to one connector; without positions it is reset.
type change struct {
	name      string
	positions []offset.Position
}

// read reads what is to be set, and checks its shape.
func (f *offsetsFlags) read(file string, in io.Reader, names []string) ([]change, error) {
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("offsets set: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	const most = 64 << 20
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && len(data) > most {
		err = fmt.Errorf("it is larger than %d bytes", most)
	}
	var document map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(data, &document)
	}
	if err != nil {
		return nil, fmt.Errorf("offsets set: %s is no document of offsets: %w", file, err)
	}
	one := f.connector
	if one == "" && len(names) == 1 {
		one = names[0]
	}
	if list := bytes.TrimSpace(document["offsets"]); len(document) == 1 && len(list) > 0 && list[0] == '[' {
		if one == "" {
			return nil, fmt.Errorf("offsets set: %s does not say whose offsets it holds; say -connector NAME", file)
		}
		document = map[string]json.RawMessage{one: data}
	}
	var changes []change
	for _, name := range names {
		text, ok := document[name]
		if !ok {
			continue
		}
		delete(document, name)
		list, err := offset.ParsePositions(text)
		if err != nil {
			return nil, fmt.Errorf("offsets set: %s: connector %s: %w", file, name, err)
		}
		changes = append(changes, change{name, list})
	}
	for name := range document {
		return nil, fmt.Errorf("offsets set: %s: there is no connector %q; there are %s", file, name, strings.Join(names, ", "))
	}
	return changes, nil
}

// apply makes the changes, one connector after the other.
func apply(ctx context.Context, p Pipeline, x *positions, changes []change, out io.Writer) error {
	for _, c := range changes {
		if err := idleGroup(ctx, p, x.conn, c.name); err != nil {
			return err
		}
	}
	for _, c := range changes {
		message, err := offset.AlteredMessage, error(nil)
		if c.positions == nil {
			message, err = offset.ResetMessage, x.reset(ctx, c.name)
		} else {
			err = x.alter(ctx, c.name, c.positions)
		}
		if err != nil {
			return fmt.Errorf("connector %s: %w", c.name, err)
		}
		fmt.Fprintf(out, "%s: %s\n", c.name, message)
	}
	return nil
}

func (f *offsetsFlags) list(ctx context.Context, x *positions, out *os.File) error {
	names := f.set.Args()
	if len(names) == 0 {
		names = x.names
	}
	all := map[string]offset.Positions{}
	for _, name := range names {
		list, err := x.list(ctx, name)
		if err != nil {
			return fmt.Errorf("connector %s: %w", name, err)
		}
		all[name] = offset.Positions{Offsets: list}
	}
	if f.format == "text" || f.format == "auto" && isTerminal(out) {
		return table(out, names, all)
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if len(f.set.Args()) == 1 {
		return e.Encode(all[names[0]])
	}
	return e.Encode(all)
}

func table(out io.Writer, names []string, all map[string]offset.Positions) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CONNECTOR\tPARTITION\tOFFSET")
	for _, name := range names {
		for _, p := range all[name].Offsets {
			fmt.Fprintf(w, "%s\t%s\t%s\n", name, p.Partition, p.Offset)
		}
		if len(all[name].Offsets) == 0 {
			fmt.Fprintf(w, "%s\t–\t–\n", name)
		}
	}
	return w.Flush()
}
