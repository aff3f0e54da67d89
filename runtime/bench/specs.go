package main

import (
	"embed"
	"io/fs"
)

//go:embed specs
var specs embed.FS

// specFolder is the folder of a pipeline's spec.
func specFolder(name string) fs.FS {
	sub, err := fs.Sub(specs, "specs/"+name)
	if err != nil {
		panic(err) // the names are ours
	}
	return sub
}
