module example.com/inventory

go 1.26.0

require kcgen.dev v0.0.0

// While the example lies in kcgen's own repository. Yours would have:
// go get kcgen.dev
replace kcgen.dev => ../..
