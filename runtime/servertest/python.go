package servertest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// python runs a script with the modules of a folder, and gives its answers: a
// line for each case of its input.
func python(t testing.TB, what, script, dir string, in []byte, cases int, env ...string) [][]byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "python3", "-c", script)
	cmd.Env = append(append(os.Environ(), "PYTHONPATH="+dir), env...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("servertest: run %s: %v", what, err)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte{'\n'})
	if len(lines) != cases {
		t.Fatalf("servertest: %s gave %d answers to %d cases", what, len(lines), cases)
	}
	return lines
}

// echoes reads the answers of scripts that read data and write them again:
// {"data": hex, "value": text} or {"error": text}. about tells of a case.
func echoes(t testing.TB, what string, answers [][]byte, about func(i int) string) (data [][]byte, values []string) {
	t.Helper()
	for i, line := range answers {
		var answer struct{ Data, Value, Error string }
		if err := json.Unmarshal(line, &answer); err != nil || answer.Error != "" {
			t.Fatalf("servertest: %s, case %d: %s %v\n%s", what, i, answer.Error, err, about(i))
		}
		raw, err := hex.DecodeString(answer.Data)
		if err != nil {
			t.Fatal(err)
		}
		data, values = append(data, raw), append(values, answer.Value)
	}
	return data, values
}
