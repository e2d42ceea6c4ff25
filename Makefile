# Every target sets itself up in .venv from the hashed locks, and does nothing the second time.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test test-wheel check bench servers drill settings lock migration clean

demo: .venv/.run  ## a week's feeds to a draft, the desk, and a whole Friday, in ./demo
	$(BIN)/newsletter demo

test: .venv/.dev  ## every test but the long ones
	$(BIN)/pytest -n 2 --durations=10

test-wheel: .venv/.dev  ## the built wheel, file by file, and whole Fridays in it, away from the tree
	$(BIN)/python tests/wheel.py

check: .venv/.dev  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m newsletter.handbook --check docs/settings.md

bench: .venv/.dev  ## speeds, as tables
	$(BIN)/python -m benchmarks

servers: .venv/.dev  ## an edition through each mail server that people run, as a table
	$(BIN)/python -m tests.servers.table

drill: .venv/.dev  ## what goes wrong with several machines, done on purpose, as a table (a quarter of an hour)
	$(BIN)/python -m tests.workers.drill

.venv/.run: requirements/run.lock pyproject.toml
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PIP) --no-deps --require-hashes -r requirements/run.lock
	$(PIP) --no-deps --require-hashes -r requirements/build.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/.dev: requirements/dev.lock .venv/.run
	$(PIP) --no-deps --require-hashes -r requirements/dev.lock
	touch $@

settings: .venv/.run  ## docs/settings.md, made from the code
	$(BIN)/python -m newsletter.handbook docs/settings.md

lock:  ## pin again what pyproject.toml asks for (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --all-extras --group dev pyproject.toml -o requirements/dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --extra postgres --extra speed -c requirements/dev.lock pyproject.toml -o requirements/run.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --extra workers -c requirements/dev.lock pyproject.toml -o requirements/workers.lock
	printf "hatchling\neditables\n" | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -c requirements/dev.lock - -o requirements/build.lock

clean:
	rm -rf .venv build dist demo
