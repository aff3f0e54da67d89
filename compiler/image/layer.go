package image

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// file is a file of an image, or a folder where its name ends with a slash.
type file struct {
	name string
	mode int64
	own  bool // by the user, not by root
	data []byte
}

// system are the files that each image has.
func system() []file {
	id := fmt.Sprint(user)
	return []file{
		{name: "/etc/group", mode: 0o644, data: []byte("root:x:0:\nnonroot:x:" + id + ":\n")},
		{name: "/etc/passwd", mode: 0o644, data: []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:" + id + ":" + id + ":nonroot:" + home + ":/sbin/nologin\n")},
		{name: "/etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: certificates()},
		{name: home + "/", mode: 0o700, own: true},
		{name: "/tmp/", mode: 0o1777},
	}
}

// certificates are those of Mozilla's list, as the Go project keeps it. Those
// that are trusted under a condition are left out: a file cannot say it.
func certificates() []byte {
	var out []byte
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})...)
		}
	}
	return out
}

// layer is a layer with files, and the folders that they are in.
func layer(files []file, at time.Time) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range withFolders(files) {
		if err := f.write(w, at); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

func (f file) write(w *tar.Writer, at time.Time) error {
	h := &tar.Header{Name: strings.TrimPrefix(f.name, "/"), Mode: f.mode, ModTime: at, Size: int64(len(f.data)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if strings.HasSuffix(f.name, "/") {
		h.Typeflag = tar.TypeDir
	}
	if f.own {
		h.Uid, h.Gid = user, user
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(f.data)
	return err
}

// withFolders adds the folders of files, each before what is in it.
func withFolders(files []file) []file {
	all := slices.Clone(files)
	for _, f := range files {
		for dir := path.Dir(strings.TrimSuffix(f.name, "/")); dir != "/"; dir = path.Dir(dir) {
			all = append(all, file{name: dir + "/", mode: 0o755})
		}
	}
	slices.SortStableFunc(all, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(all, func(a, b file) bool { return a.name == b.name })
}
