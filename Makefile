# make          build, check and test: what CI does
# make build    kcgen into bin/
# make demo     compile examples/log-analysis and sqlite-to-topic, and run them on the embedded broker
# make test     install what the tests need, and pass them
# make short    the tests that need no server
# make test-mysql  the tests of MySQL and MariaDB with MySQL 8 as well: a download of 528 MB
# make generate everything that a tool writes
# make check    generated files up to date, vet, staticcheck, import arrows
# make vectors  recorded answers of Kafka Connect (DIR=…) beside ours
# make cdc-differential  change data capture beside Debezium, in all cases (MySQL: a download of 528 MB)
# make cdc-vectors  record again what Debezium gives for the cases of change data capture (MySQL: a download of 528 MB)
# make bench    compiled pipelines beside a bare client, as ratios
# make bench-peers  beside Kafka Connect too: the table and the chart of the docs
# make bench-sql    ten million rows out of and into databases, beside their bare drivers (ROWS=…)
# make bench-capture  change data capture beside Debezium, as ratios
# make growth   what cost and memory grow with: the curves of the docs
# make benchstat    micro-benchmarks beside those of the last commit (BASE=…)
# make stuck    throughput and REST beside a connector that hangs, as ratios
# make chains   converters and transforms beside Kafka Connect's own, as ratios
# make bench-build  kcgen build beside the go build inside it, as ratios, and how large binaries are
# make race     the runtime's tests that need no server, under the race detector
# make simulate the runtime in virtual time: SEEDS seeds, and every injection
# make crash    fifty kills while a million lines pass, and tables from PostgreSQL to MariaDB and back, at least once and exactly once
# make chaos    hundreds of faults, clean stops, lost answers, planted bugs (SEED=0 is any, FAULTS=500, STOPS=200, ENDS=500)

GO ?= go

.PHONY: all build demo test test-mysql short race generate check vectors cdc-vectors cdc-differential bench stuck chains simulate crash chaos bench-peers bench-sql bench-capture growth benchstat bench-build
all: build check test

build:
	$(GO) build -trimpath -o bin/kcgen ./cmd/kcgen

DEMO_LINES ?= 500000
demo: build
	mkdir -p demo && rm -f demo/application.log demo/output-archive.txt
	$(GO) run ./examples/log-analysis/loggen -n $(DEMO_LINES) > demo/application.log
	LOG_FILE=demo/application.log ARCHIVE_FILE=demo/output-archive.txt \
		bin/kcgen run -embedded -exit-when-idle 2s examples/log-analysis/pipeline.cue -- -progress on
	@printf 'lines in:  %s\nlines out: %s\n' "$$(wc -l < demo/application.log)" "$$(wc -l < demo/output-archive.txt)"
	@head -n 1 demo/output-archive.txt
	SHOP_FILE=examples/sqlite-to-topic/shop.db \
		bin/kcgen run -embedded -exit-when-idle 2s examples/sqlite-to-topic/pipeline.cue -- -progress on

test:
	$(GO) run ./runtime/servertest/install
	$(GO) test -timeout 35m ./...
	$(GO) test -tags synctests ./runtime/herder

short:
	$(GO) test -short ./...

test-mysql:
	KCGEN_MYSQL=1 $(GO) test ./runtime/connector/mysql

race:
	$(GO) test -race -short ./runtime/...

generate:
	$(GO) generate ./...

check: generate
	git diff --exit-code -- '*_gen.go' generated runtime/fuse/fusetest runtime/fuse/sinktest templates docs .github/graph.svg '*README.md'
	test -z "$$(git ls-files --others --exclude-standard docs)"
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -run TestArrows ./compiler

vectors:
	$(GO) run ./runtime/javatest/vectors $(DIR)

cdc-vectors:
	cd runtime/servertest/cdc && $(GO) run ./record postgres mariadb mysql

cdc-differential:
	$(GO) run ./runtime/servertest/install
	KCGEN_MYSQL=1 $(GO) test -count=1 -timeout 90m -v -run 'TestDifferential|TestTakeover' ./runtime/servertest/cdc -args -cases .

bench:
	$(GO) run ./runtime/bench

stuck:
	$(GO) run ./runtime/bench/stuck -rounds 3

bench-peers:
	$(GO) run ./runtime/bench -peers -json bench.json -svg .github/bench.svg -readme runtime/bench/README.md

bench-capture:
	$(GO) run ./runtime/servertest/install
	$(GO) run ./runtime/bench/capture

ROWS ?= 10000000
bench-sql:
	$(GO) test -count=1 -timeout 180m -v -run TestLarge ./runtime/connector/sql -args -rows $(ROWS) -ratio 0.5

GROWTH ?= 10000000
growth:
	$(GO) run ./runtime/bench -growth -n $(GROWTH) -svg .github/growth.svg -readme runtime/bench/README.md

benchstat:
	GO=$(GO) .ci/benchstat

bench-build:
	$(GO) run ./runtime/bench/build -readme runtime/bench/README.md

chains:
	$(GO) run ./runtime/bench/chain -readme runtime/bench/README.md

SEEDS ?= 10000
simulate:
	$(GO) test -count=1 -timeout 12h -v -run TestSimulation ./runtime/simulation -seeds $(SEEDS)

crash:
	KCGEN_CRASH=full $(GO) test -count=1 -timeout 60m -v -run Crash ./runtime/servertest/e2e
	$(GO) test -count=1 -timeout 30m -v -run TestSinkKilled ./runtime/connector/sql -args -sqlkills 50

SEED ?= 0
FAULTS ?= 500
STOPS ?= 200
ENDS ?= 500
chaos:
	$(GO) test -count=1 -timeout 120m -v -run 'TestChaos|TestCleanStops|TestLostEnds|TestClockJumps|TestPlanted' ./runtime/chaos \
		-args -seed=$(SEED) -faults=$(FAULTS) -stops=$(STOPS) -ends=$(ENDS) -bugs=4
