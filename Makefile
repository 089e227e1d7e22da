# The contributor's interface. `make` lists what there is.

VENV ?= .venv
# The first Python on this machine that is new enough; `make PYTHON=...` names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; \
	done)
PORT ?= 7860
PROMPT ?= a red boat on a calm sea at night
BIN = $(VENV)/bin
VENDOR = src/maquette/web/vendor
# Stamps: an install is done again only when pyproject.toml changes.
INSTALLED = $(VENV)/.installed
INSTALLED_TEST = $(VENV)/.installed-test
INSTALLED_DOCS = $(VENV)/.installed-docs

.DEFAULT_GOAL := help
.PHONY: help run test test-long lint format bench vendor docs clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED)  ## Install, start the studio, and have a first picture drawn
	$(BIN)/maquette studio --port $(PORT) --first "$(PROMPT)"

test: lint  ## Everything CI runs: format, lint, types, tests
	$(BIN)/pytest -n 2

test-long: $(INSTALLED_TEST)  ## The gates, and some 200,000 steps of the ledger beside its model
	LEDGER_EXAMPLES=4400 $(BIN)/pytest tests/ledger/test_state_machine.py -k model -s
	$(BIN)/pytest -m gate

lint: $(INSTALLED_TEST)  ## Formatting, lint and types, nothing changed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(INSTALLED_TEST)  ## Put formatting and simple lint right
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(INSTALLED_TEST)  ## Run every benchmark, rewrite benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.run

vendor:  ## Take the studio's libraries from npm, as web/vendor/package.json pins them
	cd $(VENDOR) && npm install --silent --no-package-lock --ignore-scripts
	cd $(VENDOR) && cp node_modules/preact/dist/preact.mjs preact.js
	cd $(VENDOR) && cp node_modules/preact/hooks/dist/hooks.mjs preact-hooks.js
	cd $(VENDOR) && cp node_modules/htm/dist/htm.module.js htm.js
	cd $(VENDOR) && cp node_modules/@preact/signals/dist/signals.module.js signals.js
	cd $(VENDOR) && cp node_modules/@preact/signals-core/dist/signals-core.module.js signals-core.js
	cd $(VENDOR) && cp node_modules/preact/LICENSE preact.LICENSE
	cd $(VENDOR) && cp node_modules/htm/LICENSE htm.LICENSE
	cd $(VENDOR) && cp node_modules/@preact/signals/LICENSE signals.LICENSE
	cd $(VENDOR) && cp node_modules/swagger-ui-dist/swagger-ui.css .
	cd $(VENDOR) && cp node_modules/swagger-ui-dist/swagger-ui-bundle.js .
	cd $(VENDOR) && cp node_modules/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt .
	cd $(VENDOR) && cp node_modules/swagger-ui-dist/LICENSE swagger-ui.LICENSE
	cd $(VENDOR) && cp node_modules/swagger-ui-dist/NOTICE swagger-ui.NOTICE
	rm -r $(VENDOR)/node_modules $(VENDOR)/SHA256SUMS
	cd $(VENDOR) && sha256sum * >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS

docs: $(INSTALLED_DOCS)  ## Build the documentation into site/
	$(BIN)/mkdocs build --strict
	@echo "The documentation is site/index.html."

clean:  ## Remove what was built and installed; out/ and runs/ stay
	rm -rf $(VENV) site build dist .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { \
		echo "No Python 3.11 or newer here; run: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
		$(PYTHON) -m virtualenv $(VENV) >/dev/null 2>&1 || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; run: apt install python3-venv" >&2; \
		exit 1; }

# PyTorch is pinned exactly, so pip takes the build that is at hand and never a newer one.
$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV); PyTorch is large, so the first time takes minutes."
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(INSTALLED_TEST): $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[test]'
	@$(BIN)/python -c 'import skia' 2>/dev/null || { \
		$(BIN)/python -c 'import skia' 2>&1 | tail -n 1 >&2; \
		echo "A system library is missing; run: apt install libegl1 libgl1" >&2; exit 1; }
	@command -v chromium chromium-browser google-chrome >/dev/null || \
		echo "The studio's tests need a browser; run: apt install chromium" >&2
	@command -v bwrap >/dev/null || \
		echo "The sandbox's tests need bubblewrap; run: apt install bubblewrap" >&2
	@touch $@

$(INSTALLED_DOCS): $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[docs]'
	@touch $@
