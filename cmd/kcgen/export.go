package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/connectjson"
)

func exportCommand() *cobra.Command {
	var tags []string
	var x exported
	cmd := &cobra.Command{
		Use:   "export [-connector NAME | -worker] [-properties] [-dir DIR] [-partial] [-json] [-t TAG=VALUE] SPEC",
		Short: "Write a spec as Kafka Connect's JSON or properties",
		Long: `Export writes the connectors of a spec as Kafka Connect takes them: as JSON to
post to its REST API (one connector an object, several an array), or as
.properties of standalone mode. The worker's properties are written by -worker.

What Kafka Connect does not have is told on standard error, or as JSON by -json.
Where a connector would do something else there it is an error, and nothing is
written, unless -partial is given.`,
		Example: "  kcgen export shop.cue\n  kcgen export -connector orders shop.cue | curl -H 'Content-Type: application/json' -d @- http://connect:8083/connectors\n  kcgen export -properties -dir connect shop.cue",
		Args:    oneSpec("export"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if x.worker && (x.connector != "" || x.dir != "") {
				return usageError{errors.New("-worker stands alone; -dir writes the worker too")}
			}
			plans, faults, err := checkFaults(cmd, config(cmd, tags), args)
			if err != nil {
				return err
			}
			if len(faults) > 0 {
				return faults
			}
			l, err := language(cmd.Context())
			if err != nil {
				return err
			}
			connectors, worker, report, err := l.Export(plans[0])
			if err != nil {
				return err
			}
			if connectors, report, err = x.only(connectors, report); err != nil {
				return err
			}
			if err := printImport(cmd.ErrOrStderr(), report, x.asJSON); err != nil {
				return err
			}
			if len(report.Failed()) > 0 && !x.partial {
				return errFaults
			}
			return x.write(cmd, connectors, worker)
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVar(&x.connector, "connector", "", "write this connector alone, by its `NAME`")
	cmd.Flags().BoolVar(&x.worker, "worker", false, "write the worker's properties")
	cmd.Flags().BoolVar(&x.properties, "properties", false, "write .properties instead of JSON")
	cmd.Flags().StringVar(&x.dir, "dir", "", "write a file for each connector, and worker.properties, into `DIR`")
	cmd.Flags().BoolVar(&x.partial, "partial", false, "write what Kafka Connect has, and tell what it has not")
	cmd.Flags().BoolVar(&x.asJSON, "json", false, "write the report as JSON")
	tagFlag(cmd, &tags)
	return cmd
}

// exported is how a spec is to be written.
type exported struct {
	connector, dir                      string
	worker, properties, partial, asJSON bool
}

// only is one connector, and what the report says of it.
func (x *exported) only(all []connectjson.Exported, report connectjson.Report) ([]connectjson.Exported, connectjson.Report, error) {
	if x.connector == "" {
		return all, report, nil
	}
	for _, c := range all {
		if c.Name != x.connector {
			continue
		}
		var of connectjson.Report
		for _, e := range report {
			if e.Connector == c.Name {
				of = append(of, e)
			}
		}
		return []connectjson.Exported{c}, of, nil
	}
	return nil, nil, usageError{fmt.Errorf("the spec has no connector %q", x.connector)}
}

func (x *exported) write(cmd *cobra.Command, connectors []connectjson.Exported, worker map[string]string) error {
	out := cmd.OutOrStdout()
	switch {
	case x.dir != "":
		return x.writeDir(connectors, worker)
	case x.worker:
		_, err := out.Write(connectjson.Properties(worker))
		return err
	case x.properties && len(connectors) > 1:
		return usageError{errors.New("several connectors need a file each: give -dir, or -connector")}
	case x.properties:
		_, err := out.Write(connectjson.Properties(connectors[0].Config))
		return err
	case len(connectors) == 1:
		b, err := asJSON(connectors[0])
		_, werr := out.Write(b)
		return errors.Join(err, werr)
	}
	b, err := asJSON(connectors)
	_, werr := out.Write(b)
	return errors.Join(err, werr)
}

func (x *exported) writeDir(connectors []connectjson.Exported, worker map[string]string) error {
	files := []textFile{{"worker.properties", string(connectjson.Properties(worker))}}
	for _, c := range connectors {
		name := unsafeName.ReplaceAllString(c.Name, "_")
		if x.properties {
			files = append(files, textFile{name + ".properties", string(connectjson.Properties(c.Config))})
			continue
		}
		b, err := asJSON(c)
		if err != nil {
			return err
		}
		files = append(files, textFile{name + ".json", string(b)})
	}
	if err := writeNew(x.dir, files); err != nil {
		return usageError{err}
	}
	return nil
}

func asJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
