# Two commands do everything on a machine that has Node/npm, make and git:
#   make demo    build the binary, run a service, call it
#   make test    every check and every test; the last line is "N passed, N failed"

BUN  := node_modules/.bin/bun
DENO := node_modules/.bin/deno
OUT  ?= dist/cell
PREFIX ?= /usr/local

SOURCES := main.ts $(shell find cmd sdk lib -name '*.ts' -not -name '*.test.ts' 2>/dev/null)

.PHONY: demo test build check fmt lint bench soak release install clean vectors

demo: build
	@$(BUN) scripts/demo.ts $(OUT)

test: build
	@scripts/debian-packages.sh
	@$(BUN) scripts/test.ts

build: $(OUT)

$(OUT): node_modules/.installed $(SOURCES) package.json scripts/build.ts
	@$(BUN) scripts/build.ts $(OUT)

# Type check (tsconfig.json), and of the cores by Deno.
check: node_modules/.installed
	@$(BUN) check
	@$(BUN) check -p examples
	@scripts/check-cores.sh

fmt: node_modules/.installed
	@scripts/deno.sh fmt

lint: node_modules/.installed
	@scripts/deno.sh fmt --check
	@scripts/deno.sh lint

bench: build
	@$(BUN) bench/run.ts $(CASES)

# Long random runs; never part of `make test`.
soak: build
	@CELL_SOAK=1 $(BUN) test --timeout 3600000 test/hostile test/shm test/nucleus/power_loss test/nucleus/turmoil test/volatile fuzz rpc/hostile net/quic/hostile gossip/catalog/convergence gossip/catalog/hostile gossip/core gossip/attacks cluster/floods cluster/turmoil

# Rewrites the golden vectors in docs/vectors from the code. A test fails when they differ from it.
vectors: node_modules/.installed
	@for script in scripts/vectors*.ts; do $(BUN) $$script; done

release: node_modules/.installed
	@$(BUN) scripts/release.ts

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(OUT) $(DESTDIR)$(PREFIX)/bin/cell

clean:
	rm -rf dist node_modules bench/peers/node_modules

node_modules/.installed: package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
