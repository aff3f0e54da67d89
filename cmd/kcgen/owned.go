package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// writeOwned writes files below dir that are a person's from then on: one that
// is there and differs stays, and then nothing is written, unless force is
// given. Where one cannot be written those that are new go away again.
func writeOwned(dir string, files []textFile, force bool) error {
	var made []string
	for _, f := range files {
		switch is, err := os.ReadFile(filepath.Join(dir, f.name)); {
		case errors.Is(err, fs.ErrNotExist):
			made = append(made, filepath.Join(dir, f.name))
		case err != nil:
			return err
		case !force && !bytes.Equal(is, []byte(f.text)):
			return usageError{fmt.Errorf("%s is there already, and differs; nothing was written. With -force it is replaced", filepath.Join(dir, f.name))}
		}
	}
	for _, f := range files {
		if err := putOwned(filepath.Join(dir, f.name), f.text); err != nil {
			for _, file := range made {
				_ = os.Remove(file)
			}
			return err
		}
	}
	return nil
}

func putOwned(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return replaceFile(file, []byte(text))
}
