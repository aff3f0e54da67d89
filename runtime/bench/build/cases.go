package main

import (
	"context"
	"fmt"
	"os"
)

// warm measures a build of which all is known but one word.
func (b *bench) warm(ctx context.Context) error {
	one := names(1)
	var kcgen, gobuild []took
	for i := range b.rounds + 1 {
		if err := b.programs(ctx, one); err != nil {
			return err
		}
		g, err := b.goBuild(ctx, one)
		if err != nil {
			return err
		}
		if err := b.change(one); err != nil {
			return err
		}
		k, err := b.kcgen(ctx, one)
		if err != nil {
			return err
		}
		if i > 0 { // the first fills the cache
			kcgen, gobuild = append(kcgen, k), append(gobuild, g)
		}
	}
	fmt.Printf("one word changed, %d rounds\n", b.rounds)
	fmt.Printf("  go build         %v   least %v\n", median(gobuild), least(gobuild))
	fmt.Printf("  kcgen build      %v   least %v   %s\n", median(kcgen), least(kcgen), median(kcgen).of(median(gobuild)))
	return nil
}

// many measures one call for many specs, each with a word changed.
func (b *bench) many(ctx context.Context) error {
	if b.specs == 0 {
		return nil
	}
	all := names(b.specs)
	if err := b.programs(ctx, all); err != nil {
		return err
	}
	g, err := b.goBuild(ctx, all)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(b.path("bin")); err != nil {
		return err
	}
	if err := b.change(all); err != nil {
		return err
	}
	k, err := b.kcgen(ctx, all)
	if err != nil {
		return err
	}
	n := float64(b.specs)
	fmt.Printf("%d specs in one call\n", b.specs)
	fmt.Printf("  go build         %v   each %v\n", g, g.times(1/n))
	fmt.Printf("  kcgen build      %v   each %v   %s\n", k, k.times(1/n), k.of(g))
	return b.oneByOne(ctx, all[:min(b.single, len(all))], g.times(1/n))
}

// oneByOne measures a call for each of some specs.
func (b *bench) oneByOne(ctx context.Context, some []string, yardstick took) error {
	if len(some) == 0 {
		return nil
	}
	if err := b.change(some); err != nil {
		return err
	}
	var sum took
	for _, name := range some {
		k, err := b.kcgen(ctx, []string{name})
		if err != nil {
			return err
		}
		sum.wall += k.wall
		sum.cpu += k.cpu
	}
	each := sum.times(1 / float64(len(some)))
	fmt.Printf("  a call for each  %v   each %v   %s (of %d)\n", each.times(float64(b.specs)), each, each.of(yardstick), len(some))
	return nil
}

// pack measures one binary of many pipelines: how long it takes, and its size.
func (b *bench) pack(ctx context.Context) error {
	if b.packed == 0 {
		return nil
	}
	all := names(b.packed)
	if err := b.programs(ctx, all); err != nil {
		return err
	}
	g, err := b.goBuild(ctx, all)
	if err != nil {
		return err
	}
	single, err := b.size(all...)
	if err != nil {
		return err
	}
	fmt.Printf("%d specs in one binary\n", b.packed)
	fmt.Printf("  go build of each %v   %.1f MiB in all\n", g, single)
	for _, what := range []string{"all changed", "one changed"} {
		if what == "one changed" {
			all = all[:1]
		}
		if err := b.change(all); err != nil {
			return err
		}
		k, err := b.kcgen(ctx, names(b.packed), "-pack", "-o", "pack")
		if err != nil {
			return err
		}
		size, err := b.size("pack")
		if err != nil {
			return err
		}
		fmt.Printf("  -pack, %s %v   %.1f MiB, %.3f of that   %s\n", what, k, size, size/single, k.of(g))
	}
	return nil
}

// size is that of binaries, in MiB.
func (b *bench) size(names ...string) (float64, error) {
	var sum int64
	for _, name := range names {
		i, err := os.Stat(b.path("bin/" + name))
		if err != nil {
			return 0, err
		}
		sum += i.Size()
	}
	return float64(sum) / (1 << 20), nil
}

// empty measures builds that find nothing in the build cache.
func (b *bench) empty(ctx context.Context) error {
	if !b.cold {
		return nil
	}
	one := names(1)
	if err := b.programs(ctx, one); err != nil {
		return err
	}
	b.env = []string{"GOCACHE=" + b.path("cache-go")}
	g, err := b.goBuild(ctx, one)
	if err != nil {
		return err
	}
	b.env = []string{"GOCACHE=" + b.path("cache-kcgen")}
	k, err := b.kcgen(ctx, one)
	b.env = nil
	if err != nil {
		return err
	}
	fmt.Printf("an empty build cache\n")
	fmt.Printf("  go build         %v\n", g)
	fmt.Printf("  kcgen build      %v   %s\n", k, k.of(g))
	return nil
}
