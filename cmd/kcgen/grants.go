package main

import "github.com/spf13/cobra"

func grantsCommand() *cobra.Command {
	var tags []string
	var principal string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "grants [-principal User:NAME] [-json] [-t TAG=VALUE] SPEC",
		Short: "Print the rights that a pipeline needs: ACLs and GRANTs",
		Long: `Grants prints the rights that a pipeline needs, and no other: Kafka's ACLs as
commands of kafka-acls.sh, and the statements that the systems of its connectors
want, such as GRANT. It asks no system, and needs no secret: a variable that is
not set matters only where a name hangs on it. The connectors know their rights
themselves, so the binary is built and asked; one that there is already says the
same by ./NAME grants, and ./NAME check looks whether it has them.

The principal is the login of kafka.sasl; for tokens and certificates only the
brokers know it, and -principal says it.`,
		Example: "  kcgen grants pipeline.cue\n  kcgen grants -principal User:CN=orders pipeline.cue\n  kcgen grants -json pipeline.cue",
		Args:    oneSpec("grants"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask := []string{"grants"}
			if principal != "" {
				ask = append(ask, "-principal", principal)
			}
			if asJSON {
				ask = append(ask, "-json")
			}
			return withBinary(cmd, tags, args[0], false, func(_, bin string) error { return execute(cmd, bin, ask) })
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVar(&principal, "principal", "", "the `User:NAME` that the brokers take the pipeline for")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the rights as JSON")
	tagFlag(cmd, &tags)
	return cmd
}
