package image

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archive is an image as a file: an OCI layout, and for programs that know none,
// the manifest that docker save writes, of the same blobs.
type archive struct {
	name  string // docker.io/library/orders:latest
	files map[string][]byte
}

// Archive writes the image as one file. Docker's own manifest names the first
// machine's image.
func (i *Image) Archive(w io.Writer) error {
	a := &archive{name: localName(i.name), files: map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)}}
	err := a.images(i)
	if err == nil {
		err = a.docker(i.programs[0])
	}
	if err == nil {
		err = a.write(w)
	}
	if err != nil {
		return fmt.Errorf("image: write the archive of %s: %w", i.name, err)
	}
	return nil
}

// images adds all images, the index of several, and the layout's own index.
func (a *archive) images(i *Image) error {
	for _, img := range i.programs {
		if err := a.image(img); err != nil {
			return err
		}
	}
	top, err := partial.Descriptor(i.programs[0])
	if err != nil {
		return err
	}
	top.Platform = &i.platform[0]
	if len(i.programs) > 1 {
		raw, err := i.index().RawManifest()
		if err != nil {
			return err
		}
		digest := a.blob(raw)
		top = &v1.Descriptor{MediaType: types.OCIImageIndex, Size: int64(len(raw)), Digest: digest}
	}
	top.Annotations = map[string]string{"io.containerd.image.name": a.name, "org.opencontainers.image.ref.name": "latest"}
	return a.json("index.json", v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{*top}})
}

// image adds an image's manifest, configuration and layers.
func (a *archive) image(img v1.Image) error {
	manifest, err := img.RawManifest()
	if err != nil {
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	a.blob(manifest)
	a.blob(config)
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		r, err := l.Compressed()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		a.blob(data)
	}
	return nil
}

// docker adds the manifest of docker save.
func (a *archive) docker(img v1.Image) error {
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	entry := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{Config: blobName(m.Config.Digest), RepoTags: []string{a.name}}
	for _, l := range m.Layers {
		entry.Layers = append(entry.Layers, blobName(l.Digest))
	}
	return a.json("manifest.json", []any{entry})
}

func (a *archive) blob(data []byte) v1.Hash {
	digest, _, _ := v1.SHA256(bytes.NewReader(data)) // reading of memory does not fail
	a.files[blobName(digest)] = data
	return digest
}

// localName is what a program's image is called where it is loaded: names of
// images have small letters alone.
func localName(program string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(program), "-"), "-")
	return "docker.io/library/" + cmp.Or(name, "pipeline") + ":latest"
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

func (a *archive) json(name string, v any) (err error) {
	a.files[name], err = json.Marshal(v)
	return err
}

// write writes the files in the order of their names, without a time.
func (a *archive) write(w io.Writer) error {
	tw := tar.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(a.files[name])), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if _, err := tw.Write(a.files[name]); err != nil {
			return err
		}
	}
	return tw.Close()
}
