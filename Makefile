# Two commands: `make run` and `make test`. Everything else is a part of them.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
.PHONY: run test check test-heavy test-soak test-postgres15 audit format lock python clean-state
.DEFAULT_GOAL := run

run: .venv/.installed-run
	@$(BIN)/python -m config.supervisor

test: check browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not heavy and not soak" tests

test-heavy: .venv/.installed-dev browser
	$(BIN)/python -m pytest -n 2 --dist load --maxschedchunk 1 -rP --show-capture=stdout -m heavy tests

# Other lives and other days than those of `make test-heavy`, before a release: some ten minutes more.
test-soak: .venv/.installed-dev browser
	$(BIN)/python -m pytest -n 2 --dist load --maxschedchunk 1 -rP --show-capture=stdout -m soak tests

# The oldest PostgreSQL the shop supports is Debian's 15 (package postgresql-15). `make test-postgres15 ONLY=tests/…`
# runs a part.
test-postgres15: ONLY := tests
test-postgres15: .venv/.installed-dev
	POSTGRES_BIN=/usr/lib/postgresql/15/bin $(BIN)/python -m pytest -n 2 --dist loadfile -m "not heavy and not soak and not journey" $(ONLY)

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m tools.check_project

# The Nu HTML checker over the pages that the tests kept; with ADDRESS=http://…, Lighthouse over a running shop that is
# no demonstration (`DEMONSTRATION=0 make run`).
audit: browser
	@$(BIN)/python -m tools.audit

browser: .venv/.installed-dev
	@$(BIN)/python -m tools.browser

format: .venv/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/.installed-dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --extra dev -c requirements/run.lock pyproject.toml -o requirements/dev.lock

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Cabas a besoin de Python 3.11 ou plus récent : installez-le, puis relancez avec PYTHON=python3.11." >&2; exit 1; }

.venv/bin/pip: | python
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Le module venv manque : installez python3-venv, puis relancez." >&2; exit 1; }

.venv/.installed-run: requirements/run.lock | .venv/bin/pip
	@echo "Installation des paquets…"
	@$(BIN)/pip install --quiet --require-hashes -r requirements/run.lock || { echo "Un paquet n’a pas pu être installé : vérifiez l’accès à l’index de paquets, puis relancez." >&2; exit 1; }
	@touch $@

.venv/.installed-dev: requirements/dev.lock requirements/run.lock | .venv/bin/pip
	@echo "Installation des paquets de développement…"
	@$(BIN)/pip install --quiet --require-hashes -r requirements/dev.lock || { echo "Un paquet n’a pas pu être installé : vérifiez l’accès à l’index de paquets, puis relancez." >&2; exit 1; }
	@touch .venv/.installed-run $@
