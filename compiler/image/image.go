// Package image puts binaries into OCI images, without Docker: the program, who
// it runs as (nobody's user 65532), the certificates by which it knows servers,
// and nothing else; no shell, no libc, no package manager. The same binary gives
// the same image, byte for byte.
//
//	image.go    a program's image, and the index of several machines'
//	layer.go    the files in it
//	archive.go  an image as a file, for docker load, podman load, skopeo, crane
//	push.go     an image into a registry
//
// The images are made, and pushed, with go-containerregistry.
package image

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Program is what an image is made of.
type Program struct {
	Name   string            // of the binary; it is /usr/local/bin/NAME
	Target string            // linux/arm64
	Binary []byte            // a static one
	Docs   map[string][]byte // what stands beside it, by names in /usr/share/doc/NAME
	Ports  []string          // what it listens on: 8083
	Labels map[string]string
}

// user is that of distroless images, and so of what people know to write into
// their manifests.
const (
	user = 65532
	home = "/home/nonroot"
)

// Image is one, for one machine or several.
type Image struct {
	name     string
	programs []v1.Image
	platform []v1.Platform
}

// New makes an image of programs, one for each machine. The time is that of its
// files and of its making; where it is zero they have that of Unix' beginning.
func New(name string, programs []Program, at time.Time) (*Image, error) {
	if at.IsZero() {
		at = time.Unix(0, 0)
	}
	out := &Image{name: name}
	for _, p := range programs {
		platform, err := platformOf(p.Target)
		if err != nil {
			return nil, err
		}
		img, err := p.image(*platform, at.UTC())
		if err != nil {
			return nil, fmt.Errorf("image: %s for %s: %w", p.Name, p.Target, err)
		}
		out.programs, out.platform = append(out.programs, img), append(out.platform, *platform)
	}
	return out, nil
}

// Target says why a machine can have no image; nil where it can.
func Target(target string) error {
	_, err := platformOf(target)
	return err
}

func platformOf(target string) (*v1.Platform, error) {
	goos, arch, ok := strings.Cut(target, "/")
	if !ok || goos != "linux" {
		return nil, fmt.Errorf("image: a program for %s cannot be in one: images are for linux", cmp.Or(target, "no machine"))
	}
	p := &v1.Platform{OS: goos, Architecture: arch}
	switch arch { // as the go command builds for them, unless it is told otherwise
	case "arm":
		p.Variant = "v7"
	case "arm64":
		p.Variant = "v8"
	}
	return p, nil
}

func (p Program) image(platform v1.Platform, at time.Time) (v1.Image, error) {
	base, err := layer(system(), at)
	if err != nil {
		return nil, err
	}
	own, err := layer(p.files(), at)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, p.config(platform, at))
	if err != nil {
		return nil, err
	}
	return mutate.Append(img,
		mutate.Addendum{Layer: base, History: history("kcgen: the user and the certificates", at)},
		mutate.Addendum{Layer: own, History: history("kcgen: "+p.Name, at)},
	)
}

func history(what string, at time.Time) v1.History {
	return v1.History{Created: v1.Time{Time: at}, CreatedBy: what}
}

func (p Program) config(platform v1.Platform, at time.Time) *v1.ConfigFile {
	ports := map[string]struct{}{}
	for _, port := range p.Ports {
		ports[port+"/tcp"] = struct{}{}
	}
	return &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant, Created: v1.Time{Time: at},
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:         fmt.Sprintf("%d:%d", user, user),
			Env:          []string{"PATH=/usr/local/bin", "HOME=" + home},
			Entrypoint:   []string{p.path()},
			WorkingDir:   home,
			ExposedPorts: ports,
			Labels:       p.Labels,
			StopSignal:   "SIGTERM",
		},
	}
}

// path is where the binary is in the image.
func (p Program) path() string { return "/usr/local/bin/" + p.Name }

// files are the binary, and what stands beside it.
func (p Program) files() []file {
	out := []file{{name: p.path(), mode: 0o755, data: p.Binary}}
	for _, name := range slices.Sorted(maps.Keys(p.Docs)) {
		out = append(out, file{name: path.Join("/usr/share/doc", p.Name, name), mode: 0o644, data: p.Docs[name]})
	}
	return out
}

// index is that of several machines' images.
func (i *Image) index() v1.ImageIndex {
	var adds []mutate.IndexAddendum
	for n, img := range i.programs {
		adds = append(adds, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &i.platform[n]}})
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...)
}
