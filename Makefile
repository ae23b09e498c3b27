# Needs Python 3.11+, make and a C compiler; everything else is installed into .venv.
#
#   make demo        from a yeast genome and peaks to a network, its motif with its name, predictions, a bundle and a page
#   make test        lint, then all tests on torch and the parity tests on JAX and TensorFlow
#   make test-fast   all tests that need only torch
#   make coverage    the same, and which lines of src/amber they run (takes twice as long)
#   make test-keras  the backend and modeler tests on the oldest, pinned, newest and nightly Keras
#   make test-endure  end commands at random moments of every phase, mutate files, print figures (ARGS="--tries 20")
#   make bench       measure speed and memory beside hand-written networks (options with ARGS="--only dag-training")
#   make bench-gpu   measure a graphics card in eight minutes (options with ARGS="--only search"; without a card: ARGS=--on-cpu)
#   make bench-search  compare ways to search at equal processor time, a part at a time (options with ARGS="--tasks ecoli --seeds 0")
#   make bench-nas   compare samplers on tables of trained networks (options with ARGS="--seeds 3")
#   make bench-scale  measure overhead per trial, use of up to 32 workers, memory (options with ARGS="--only own-time")
#   make bench-motifs  plant motifs of JASPAR and count how many are found and named (options with ARGS="--motifs 2 --seeds 1")
#   make bench-data  measure reading, training and memory from files (options with ARGS="--windows 1000000")
#   make ci-fresh    what CI does, of the last commit, in a fresh clone with a fresh environment: run it before a merge
#   make bench-defaults  search twelve small problems with the default settings (options with ARGS="--only splice-1000")
#   make mutants     change 300 random places one by one and count what the tests notice (options with ARGS="--number 20")
#   make docs        write the reference of keys and commands, and render all pages into site/index.html
#   make lint        ruff, mypy, spelling, dependencies and the import rules
#   make clean       remove .venv, site and caches (run directories stay)

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
PYTEST := $(BIN)/python -m pytest
# Tests start hundreds of processes, each of which would compile the package again where no byte code may be kept.
export PYTHONDONTWRITEBYTECODE =
# Two processes; each takes whole files, so that what the tests of a file share is made once.
TWO := -n 2 --dist loadfile

# A stamp says that a set of extras is installed; it goes stale when what it was installed from changes.
DEMO := $(VENV)/.installed-demo
FAST := $(VENV)/.installed-fast
TEST := $(VENV)/.installed-test
DOCS := $(VENV)/.installed-docs
INPUTS := $(VENV)/pyvenv.cfg pyproject.toml constraints.txt

.PHONY: help demo test test-fast coverage test-keras test-endure bench bench-gpu bench-search bench-nas bench-scale bench-data bench-motifs bench-defaults ci-fresh mutants docs lint clean
.NOTPARALLEL:

help:
	@sed -n '/^#   make/s/^# *//p' Makefile

demo: $(DEMO)
	$(BIN)/amber search examples/yeast.yaml --run-directory runs/demo --overwrite $(ARGS)
	$(BIN)/amber explain runs/demo
	$(BIN)/amber predict runs/demo examples/yeast/reb1.bed --output runs/demo/predictions.bed
	$(BIN)/amber export runs/demo --output runs/demo/bundle
	$(BIN)/amber report runs/demo --output runs/demo/report.html

test: $(TEST) lint
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(PYTEST) $(TWO) tests
	KERAS_BACKEND=jax OMP_NUM_THREADS=1 $(PYTEST) $(TWO) -m parity tests
	KERAS_BACKEND=tensorflow OMP_NUM_THREADS=1 $(PYTEST) $(TWO) -m parity tests

test-fast: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(PYTEST) $(TWO) -m "not slow" tests

coverage: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(PYTEST) $(TWO) -m "not slow" --cov=amber --cov-report=term:skip-covered tests

# The oldest and pinned versions run the fast paths; where the newest or nightly Keras is not among the tested versions,
# stock Keras runs, and the tests of the fast paths themselves are left out.
KERAS_VERSIONS ?= keras==3.15.0 pinned keras keras-nightly
test-keras: $(FAST)
	.ci/keras "$(BIN)/python" $(KERAS_VERSIONS)

# Times that worker, driver and scheduler of a Dask cluster are killed.
DASK_KILLS ?= 3
test-endure: $(TEST)
	$(BIN)/python -m tests.endure $(or $(ARGS),--tries 3)
	$(BIN)/python -m tests.endure --signal SIGKILL --backends torch $(or $(ARGS),--tries 3)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 AMBER_TEST_KILLS=50 $(PYTEST) -q -s tests/cli/test_killed_run.py
	for number in $$(seq $(DASK_KILLS)); do \
	  KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(PYTEST) -q tests/search/executors/test_dask.py \
	    -k "lost or anew or killed_driver or crash_or_hang or close_ends" || exit 1; \
	done
	for reader in configuration space tokens best graph supernet table source; do \
	  KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -m tests.security.readers $$reader 200 $$$$ || exit 1; \
	done

bench: $(TEST)
	$(BIN)/python -W ignore -m benchmarks $(ARGS)

bench-gpu: $(FAST)
	KERAS_BACKEND=torch $(BIN)/python -W ignore -m benchmarks.gpu $(ARGS)

bench-search: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benchmarks.search $(ARGS)

bench-nas: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benchmarks.nas $(ARGS)

bench-scale: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benchmarks.scale $(ARGS)

bench-data: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benchmarks.data $(ARGS)

bench-motifs: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 nice -n 10 $(BIN)/python -W ignore -m benchmarks.motifs $(ARGS)

ci-fresh:
	.ci/fresh

bench-defaults: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benchmarks.defaults $(ARGS)

mutants: $(FAST)
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.mutants $(ARGS)

docs: $(DOCS)
	KERAS_BACKEND=torch $(BIN)/python -W ignore docs/reference_pages.py
	$(BIN)/python docs/build.py

lint: $(FAST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python .ci/any_share
	$(BIN)/codespell
	$(BIN)/deptry src
	$(BIN)/deptry --ignore DEP002,DEP004 tests benchmarks docs
	KERAS_BACKEND=torch $(PYTEST) -q tests/test_imports.py

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

# torch goes first and alone, so that its build is settled before anything that could ask for another.
$(DEMO): $(INPUTS)
	$(PIP) torch==2.13.0
	$(PIP) -e ".[torch,genomics,motifs]"
	@touch $@

$(FAST): $(INPUTS)
	$(PIP) torch==2.13.0
	$(PIP) -e ".[torch,test]"
	@touch $(DEMO) $@

$(DOCS): $(INPUTS)
	$(PIP) torch==2.13.0
	$(PIP) -e ".[torch,docs]"
	@touch $@

$(TEST): $(INPUTS)
	$(PIP) torch==2.13.0
	$(PIP) -e ".[torch,jax,tensorflow,onnx,test]"
	@touch $(DEMO) $(FAST) $@

clean:
	rm -rf $(VENV) .coverage dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
