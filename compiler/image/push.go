package image

import (
	"context"
	"fmt"
	"regexp"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// reference is an image's name with its registry and its tag: what is to be
// pushed is said in full.
var reference = regexp.MustCompile(`^([^/]+[.:][^/]*|localhost)/.+[:@][^/]+$`)

// Reference says why a text names no image in a registry; nil where it does.
func Reference(ref string) error {
	if !reference.MatchString(ref) {
		return fmt.Errorf("image: %q is no image in a registry, such as registry.example.com/team/orders:v1", ref)
	}
	if _, err := name.NewTag(ref, name.StrictValidation); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return nil
}

// Push puts the image into a registry, with the login that docker login keeps,
// and returns the digest that it has there.
func (i *Image) Push(ctx context.Context, ref string) (digest string, err error) {
	if err := Reference(ref); err != nil {
		return "", err
	}
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return "", fmt.Errorf("image: %w", err)
	}
	var what remote.Taggable = i.programs[0]
	if len(i.programs) > 1 {
		what = i.index()
	}
	if err := remote.Push(tag, what, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return "", fmt.Errorf("image: push %s: %w", ref, err)
	}
	got, err := remote.Head(tag, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return "", fmt.Errorf("image: push %s: %w", ref, err)
	}
	return got.Digest.String(), nil
}
