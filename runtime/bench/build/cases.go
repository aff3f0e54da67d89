package main

import (
	"context"
	"fmt"
	"os"
)

// warm measures a build of which all is known but one word.
func (b *bench) warm(ctx context.Context, r *results) error {
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
	g, k := median(gobuild), median(kcgen)
	r.add(fmt.Sprintf("one word changed, median of %d rounds", b.rounds), g, k)
	r.promise(g, k)
	return nil
}

// many measures one call for many specs, each with a word changed.
func (b *bench) many(ctx context.Context, r *results) error {
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
	each := 1 / float64(b.specs)
	r.add(fmt.Sprintf("%d specs in one call, each", b.specs), g.times(each), k.times(each))
	return b.oneByOne(ctx, r, all[:min(b.single, len(all))])
}

// oneByOne measures a call for each of some specs, as many's calls are.
func (b *bench) oneByOne(ctx context.Context, r *results, some []string) error {
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
	r.again(fmt.Sprintf("a call for each of %d", len(some)), sum.times(1/float64(len(some))))
	return nil
}

// pack measures one binary of many pipelines: how long it takes, and its size.
func (b *bench) pack(ctx context.Context, r *results) error {
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
	packed := func(changed []string) (took, error) {
		if err := b.change(changed); err != nil {
			return took{}, err
		}
		return b.kcgen(ctx, all, "-pack", "-o", "pack")
	}
	k, err := packed(all)
	if err != nil {
		return err
	}
	r.add(fmt.Sprintf("%d specs in one binary (`-pack`), all changed", b.packed), g, k)
	if k, err = packed(all[:1]); err != nil {
		return err
	}
	r.again("the same, one changed", k)
	size, err := b.size("pack")
	if err != nil {
		return err
	}
	r.notes = append(r.notes, fmt.Sprintf("%d binaries are %.1f MiB; the one that holds all of them is %.1f MiB.", b.packed, single, size))
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
func (b *bench) empty(ctx context.Context, r *results) error {
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
	r.add("an empty build cache", g, k)
	return nil
}
