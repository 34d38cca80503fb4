# Heedmap. `make` alone lists what there is.

PYTHON  ?= python3
PORT    ?= 8501
ADDRESS ?= localhost

VENV  := .venv
PY    := $(VENV)/bin/python
LINKS := $(VENV)/links
# Packages come uncompiled (see `install` below). Where this is set, nothing would be compiled for
# good: each process that is started would compile its imports anew, for about ten seconds.
export PYTHONDONTWRITEBYTECODE :=
# Two processes of one thread each: faster here than one process of two threads. Tests go to
# whichever is free, in the order of tests/conftest.py; those that share a server stay in one.
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder
PIP   := $(PY) -m pip --disable-pip-version-check --no-input

APP   := $(PY) -m heedmap --no-browser --address $(ADDRESS) --port $(PORT)

# The stamps carry a checksum of the requirements: pip is called again only when these change.
RUN_STAMP  := $(VENV)/.run-$(shell cat requirements.txt pyproject.toml setup.py | cksum | cut -d ' ' -f 1)
TEST_STAMP := $(VENV)/.test-$(shell cat requirements*.txt pyproject.toml setup.py | cksum | cut -d ' ' -f 1)

# The bundled models are measured on photos that are not part of the repository.
DATA       := ../shared/data/photos
BENCHMARKS := capture models batch page load engine fuzz $(if $(wildcard $(DATA)),bundled)

.PHONY: help run dev quick test check bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PORT=8501, ADDRESS=localhost and PYTHON=python3 can be set: make run PORT=9000"

run: $(RUN_STAMP) ## install what is missing and start the app
	@$(APP)

dev: $(TEST_STAMP) ## the app, started again whenever a source file is saved
	@$(PY) -m watchfiles --sigint-timeout 1 "$(APP)" *.py $(wildcard languages models store viz views pages serving batch api cluster .streamlit)

quick: $(TEST_STAMP) ## the tests to run all day, under a minute
	@$(PYTEST) -m "not slow" $(ARGS)

test: $(TEST_STAMP) ## all tests, those in a browser included
	@$(PY) -m benchmarks.chromium
	@$(PYTEST) $(ARGS)

check: $(TEST_STAMP) ## lint, format and strict types, changing nothing
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	@mkdir -p $(LINKS) && ln -sfn $(CURDIR) $(LINKS)/heedmap  # where mypy finds heedmap.viz
	$(PY) -m mypy
	$(PY) -m mypy training benchmarks tests/browser tests/conftest.py tests/test_arrows.py

bench: $(TEST_STAMP) ## measure again and write docs/figures.md and docs/explain.md
	@$(PY) -m benchmarks.figures $(BENCHMARKS)
	@$(PY) -m benchmarks.explain methods cost $(if $(wildcard $(DATA)),trust)

clean: ## remove the virtual environment, builds and the tools' caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "Heedmap needs Python 3.11 or newer, and there is no '$(PYTHON)' here: install one," \
			"or name one with PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Heedmap needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1):" \
			"name a newer one with PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) could not make a virtual environment:" \
			"install its venv module (on Debian: apt install python3-venv)."; exit 1; }

# requirements-test.txt has the app's in it, and setuptools to build with: from nothing, `make test`
# calls pip once for all of them, and for Heedmap itself without fetching setuptools again.
$(RUN_STAMP): | $(PY)
	$(call install,requirements.txt)
	@rm -f $(VENV)/.run-*; touch $@

$(TEST_STAMP): | $(PY)
	$(call install,requirements-test.txt,--no-build-isolation)
	@rm -f $(VENV)/.run-* $(VENV)/.test-*; touch $(RUN_STAMP) $@

define install
	@echo "Installing $1 into $(VENV) (a few minutes and gigabytes, once) ..."
	@$(PIP) install --no-compile -r $1
	@$(PIP) install --quiet --no-deps $2 --editable .
endef
