package flow

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

func (w *walk) steps(steps []Step) {
	for i, s := range steps {
		path := fmt.Sprintf("transforms[%d]", i)
		if !w.shape.None {
			w.step(path, s)
		}
		if s.Name == "" {
			s.Name = path
		}
		w.pass(s.Name)
	}
}

// branch is the records that a step is for, or those that it is not for: what
// was known of them before, and what is known of them behind it.
type branch struct{ before, after connect.Shape }

// step takes the records that it is for through the transform, and puts them
// beside the others.
func (w *walk) step(path string, s Step) {
	var out []branch
	is, others := &w.shape, []*connect.Shape(nil)
	if s.When != nil {
		yes, no := w.split(path+".when", s.When, *is)
		is, others = yes, append(others, no)
	}
	if s.Unless != nil && is != nil {
		yes, no := w.split(path+".unless", s.Unless, *is)
		is, others = no, append(others, yes)
	}
	if is != nil {
		out = append(out, branch{*is, w.do(path+".do", s.Do, *is)})
	} else {
		w.open(path+".do", s.Do)
	}
	for _, o := range others {
		if o != nil {
			out = append(out, branch{*o, *o})
		}
	}
	w.shape = rejoin(w.shape, out)
}

// split is the records for which a predicate holds, and those for which it does
// not: all of them twice, where it does not tell.
func (w *walk) split(path string, p connect.Predicate, in connect.Shape) (yes, no *connect.Shape) {
	all, too := in, in
	yes, no = &all, &too
	if _, later := variants(p); later {
		return yes, no
	}
	opens := w.guard(path, func() error { _, err := p.Open(); return err })
	s, ok := p.(connect.Split)
	if !opens || !ok {
		return yes, no
	}
	w.guard(path, func() error { yes, no = s.Split(in); return nil })
	return yes, no
}

// open is whether a transform opens. One that waits for its configuration is
// taken to.
func (w *walk) open(path string, t connect.Transform) bool {
	if _, later := variants(t); later {
		return true
	}
	return w.guard(path, func() error { _, err := t.Open(); return err })
}

// do is what a transform makes of the shape.
func (w *walk) do(path string, t connect.Transform, in connect.Shape) connect.Shape {
	unknown := connect.Shape{NoOffset: in.NoOffset}
	if of, later := variants(t); later {
		return alike(of, in, unknown)
	}
	f, ok := t.(connect.Flow)
	if !w.open(path, t) || !ok {
		return unknown
	}
	out, done := in, false
	w.guard(path, func() error {
		err := f.Flow(&out)
		done = true
		return err
	})
	if !done {
		return unknown
	}
	return out
}

// alike is what transforms make of the shape, where they all make the same of
// it. Their errors may be those of the words that stand for what is not known.
func alike(of []connect.Transform, in, unknown connect.Shape) connect.Shape {
	if len(of) == 0 {
		return unknown
	}
	var out []branch
	for _, t := range of {
		quiet := walk{}
		after := quiet.do("", t, in)
		if len(quiet.faults) > 0 {
			return unknown
		}
		out = append(out, branch{in, after})
	}
	return rejoin(in, out)
}
