SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
unexport PYTHONDONTWRITEBYTECODE   # set on some machines: every start would recompile
sum = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)
RUN := $(VENV)/.run-$(call sum,requirements/run.lock pyproject.toml)
TEST := $(VENV)/.test-$(call sum,requirements/test.lock pyproject.toml)
E2E := $(VENV)/.e2e-$(call sum,requirements/e2e.lock)
.PHONY: run demo test test-services load check bench corpus fuzz sbom audit lock clean

run: $(RUN)          ## set up, run the example workbook, leave the service running on 127.0.0.1
	$(BIN)/yuetan serve --demo $(ARGS)

demo: $(RUN)         ## the same without staying up; fails if anything failed
	$(BIN)/yuetan demo $(ARGS)

test: $(TEST) $(if $(CHROMIUM),$(E2E)) check sbom   ## every check and every test
	@rm -f .pytest-exit; rc=0; YUETAN_CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS) || rc=$$?; echo $$rc > .pytest-exit; exit $$rc

test-services: $(TEST)  ## own PostgreSQL, RabbitMQ and Redis on loopback: the tests on them, then faults R1 to R13; writes docs/reliability.md
	$(BIN)/python -m drills --own --suite --write r $(ARGS)

load: $(TEST)        ## loads L1 to L4 on the same; writes docs/reliability.md
	$(BIN)/python -m drills --own --write l $(ARGS)

check: $(TEST)       ## style, types, floors, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .
	$(BIN)/bandit -q -c pyproject.toml -r models cbam finance service workers

fuzz: $(TEST)        ## Schemathesis on the served description; ARGS="EXAMPLES SECONDS"
	@test -x .fuzz/bin/st || { $(PYTHON) -m venv .fuzz && .fuzz/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/fuzz.lock; }
	$(BIN)/python -m tests.fuzz $(ARGS)

SUPPLY := .supply/.made-$(call sum,requirements/supply.lock)
$(SUPPLY): requirements/supply.lock
	$(PYTHON) -m venv .supply && .supply/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@
sbom: $(TEST) $(SUPPLY)   ## list of parts (CycloneDX), validated and compared with the lock
	$(BIN)/python -m tests.supply sbom sbom.cdx.json

audit: $(TEST) $(SUPPLY)  ## advisories for the lock; fails where a package was not looked up
	$(BIN)/python -m tests.supply audit

corpus: $(TEST)      ## bad spreadsheets: scored through the guarded child; writes docs/corpus.md
	$(BIN)/python -m tests.corpus score --office

bench: $(TEST)       ## ratios in one run; writes benchmarks/results/
	$(BIN)/python -m benchmarks $(ARGS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed: make PYTHON=...' >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'No venv module; on Debian install python3-venv' >&2; exit 2; }

define install
@if [ "$${YUETAN_INSTALLER:-pip}" = uv ]; then uv pip install -q --python $(BIN)/python --require-hashes -r $<; \
 else $(BIN)/python -m pip install -q --disable-pip-version-check --no-compile --require-hashes -r $<; fi
endef
define editable
@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
@touch $@
endef
$(RUN): requirements/run.lock | $(BIN)/python
	$(install)
	$(editable)
$(TEST): requirements/test.lock | $(BIN)/python
	$(install)
	$(editable)
$(E2E): requirements/e2e.lock $(TEST)
	$(install)
	@touch $@

COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock:                ## refresh the lock files (needs uv)
	$(COMPILE) requirements/run.in -o requirements/run.lock
	$(COMPILE) requirements/test.in -c requirements/run.lock -o requirements/test.lock
	$(COMPILE) requirements/e2e.in -c requirements/test.lock -o requirements/e2e.lock
	$(COMPILE) requirements/fuzz.in -o requirements/fuzz.lock
	$(COMPILE) requirements/supply.in -o requirements/supply.lock
	@! grep -nE '://|^--' requirements/*.lock
clean:
	rm -rf $(VENV)
