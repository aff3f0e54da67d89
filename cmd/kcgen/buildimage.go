package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/image"
)

// beside writes what is to stand beside the binaries.
func (b *building) beside() error {
	if b.sbom == "" && b.provenance == "" {
		return nil
	}
	for _, m := range b.made {
		name := filepath.Base(m.File)
		d, err := m.documents(name)
		if err != nil {
			return err
		}
		for _, doc := range []struct {
			file, ending string
			text         []byte
		}{{b.sbom, sbomEnding, d.SBOM}, {b.provenance, provenanceEnding, d.Provenance}} {
			if err := writeBeside(doc.file, name+doc.ending, doc.text); err != nil {
				return err
			}
		}
	}
	return nil
}

// What the names of documents end with.
const (
	sbomEnding       = ".cdx.json"
	provenanceEnding = ".provenance.json"
	noticesEnding    = ".licenses.txt"
)

// writeBeside writes a document to a file, or by its own name into a folder.
func writeBeside(file, name string, text []byte) error {
	if file == "" {
		return nil
	}
	if isFolder(file) {
		if err := os.MkdirAll(file, 0o777); err != nil {
			return err
		}
		file = filepath.Join(file, name)
	}
	return replaceFile(file, text)
}

// documents are what stands beside a binary of a name.
func (m made) documents(name string) (d compiler.Documents, err error) {
	at, err := sourceDate()
	if err != nil {
		return d, err
	}
	data, err := os.ReadFile(m.File)
	if err != nil {
		return d, err
	}
	return m.Documents(name, data, at)
}

// sourceDate is the time that SOURCE_DATE_EPOCH gives; zero where it gives none.
func sourceDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, usageError{fmt.Errorf("SOURCE_DATE_EPOCH=%s is no number of seconds", text)}
	}
	return time.Unix(n, 0).UTC(), nil
}

// images makes an image of each pipeline, or of the pack, for all machines.
func (b *building) images() error {
	if b.image == "" {
		return nil
	}
	var order []string
	programs := map[string][]image.Program{}
	for _, m := range b.made {
		p, err := b.program(m)
		if err != nil {
			return err
		}
		if programs[p.Name] == nil {
			order = append(order, p.Name)
		}
		programs[p.Name] = append(programs[p.Name], p)
	}
	for _, name := range order {
		if n := len(b.machines()); len(programs[name]) < n {
			return fmt.Errorf("%s has no image: it was built for %d of %d machines", name, len(programs[name]), n)
		}
		if err := b.putImage(name, programs[name]); err != nil {
			return err
		}
	}
	return nil
}

// program is a binary as an image has it.
func (b *building) program(m made) (image.Program, error) {
	data, err := os.ReadFile(m.File)
	if err != nil {
		return image.Program{}, err
	}
	p := image.Program{Name: m.plans[0].Name, Target: m.target, Binary: data, Labels: map[string]string{}}
	if b.pack {
		p.Name = filepath.Base(b.out)
	}
	d, err := m.documents(p.Name)
	if err != nil {
		return image.Program{}, err
	}
	p.Docs = map[string][]byte{p.Name + sbomEnding: d.SBOM, p.Name + provenanceEnding: d.Provenance, p.Name + noticesEnding: d.Notices}
	p.Labels["org.opencontainers.image.title"] = p.Name
	if !b.pack && len(m.plans[0].Doc) > 0 {
		p.Labels["org.opencontainers.image.description"] = strings.Join(m.plans[0].Doc, " ")
	}
	p.Labels["dev.kcgen.version"] = version()
	for _, l := range b.labels {
		name, value, _ := strings.Cut(l, "=")
		p.Labels[name] = value
	}
	for _, pl := range m.plans {
		p.Ports = append(p.Ports, restPort(pl.Root.Struct("worker").Struct("rest").Text("listen"))...)
	}
	return p, nil
}

// restPort is the port of an address to listen on; none where it is only known
// where the program runs.
func restPort(listen string) []string {
	port := listen[strings.LastIndexByte(listen, ':')+1:]
	if n, err := strconv.Atoi(port); err != nil || n == 0 {
		return nil
	}
	return []string{port}
}

// putImage writes an image to a file, or pushes it.
func (b *building) putImage(name string, programs []image.Program) error {
	at, err := sourceDate()
	if err != nil {
		return err
	}
	b.cfg.Progress("image " + name)
	img, err := image.New(name, programs, at)
	if err != nil {
		return err
	}
	file := b.image
	if isFolder(file) {
		if err := os.MkdirAll(file, 0o777); err != nil {
			return err
		}
		file = path.Join(file, name+".tar")
	}
	if path.Ext(file) != ".tar" {
		digest, err := img.Push(b.cmd.Context(), file)
		if err != nil {
			return err
		}
		b.show.done()
		fmt.Fprintf(b.cmd.OutOrStdout(), "%s@%s\n", file, digest)
		return nil
	}
	var out bytes.Buffer
	if err := img.Archive(&out); err != nil {
		return err
	}
	if err := replaceFile(file, out.Bytes()); err != nil {
		return err
	}
	b.show.done()
	return tellFile(b.cmd.OutOrStdout(), file, file)
}
