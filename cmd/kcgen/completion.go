package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "completion bash|zsh|fish|powershell",
		Short:   "Write a shell's completion script",
		Example: "  source <(kcgen completion bash)\n  kcgen completion zsh > \"${fpath[1]}/_kcgen\"\n  kcgen completion fish | source",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("which shell? Name one of bash, zsh, fish, powershell")
			}
			return oneOf("shell", args[0], cmd.ValidArgs)
		},
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(w, true)
			case "zsh":
				return root.GenZshCompletion(w)
			case "fish":
				return root.GenFishCompletion(w, true)
			default:
				return root.GenPowerShellCompletionWithDesc(w)
			}
		},
	}
}
