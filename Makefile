# serve, test and the checks; .ci/run calls the same targets.
PORT ?= 5000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: draft-pages setup serve test validate verify conformance wheel release lock soak lint system clean

serve: setup
	$(BIN)/incsr serve --port $(PORT)

test: setup system $(VENV)/sssom/.installed tests/comunica/node_modules/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile tests

setup: $(VENV)/.installed incsr/static/build/.built

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The validator of SSSOM files, in an environment of its own (why: pyproject.toml).
$(VENV)/sssom/.installed: $(VENV)/.installed requirements-sssom.lock
	$(PYTHON) -m venv $(VENV)/sssom
	$(VENV)/sssom/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-sssom.lock
	touch $@

# Comunica, a client that the tests drive; its own lock, so that a server needs none of it.
tests/comunica/node_modules/.installed: $(VENV)/.installed tests/comunica/package-lock.json
	scripts/install-comunica
	touch $@

# What the tests need from the system: a browser, nginx, curl, strace.
system:
	scripts/system-packages

incsr/static/build/.built: $(VENV)/.installed web/package-lock.json web/build.mjs $(wildcard web/src/*)
	scripts/build-web
	touch $@

validate: setup
	$(BIN)/incsr validate

verify: setup
	$(BIN)/incsr verify

# The W3C's SPARQL suites over HTTP, which are no part of this repository: SUITE is the folder that holds them.
conformance: setup
	@test -n "$(SUITE)" || { echo "say where the suites lie: make conformance SUITE=dir" >&2; exit 2; }
	$(BIN)/python -m conformance "$(SUITE)" --earl build/earl.ttl --page docs/conformance.md

# Load, hostile queries and faults for MINUTES, on loopback; writes docs/soak.md.
MINUTES ?= 60
soak: setup
	$(BIN)/python -m soak --minutes $(MINUTES) --page docs/soak.md

# The wheel and the source archive in dist/, the same bytes for the same tree.
wheel: setup
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/python -m build --no-isolation --outdir dist .

# The data package of a release, dist/incsr-data-VERSION.zip: all formats, checksums, provenance.
release: wheel
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/python scripts/release --out dist

# The peers, in an environment of their own.
$(VENV)/bench/.installed: bench/peers.lock
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/peers.lock
	touch $@

# How fast the service is beside its peers, Virtuoso among them where it is installed; writes bench/RESULTS.md.
# BENCH="--observations 600000": 10 million triples; BENCH="--parts start validate": these alone.
bench: setup $(VENV)/bench/.installed
	scripts/system-packages bench
	$(BIN)/python bench/run.py $(BENCH)

# What the drafter reaches on pages that it was not written for, into docs/draft.md.
draft-pages: setup
	scripts/draft-pages

lint: setup
	$(BIN)/ruff check .

# Pins every package with hashes and no registry's address.
lock:
	scripts/lock

clean:
	rm -rf $(VENV) build dist
