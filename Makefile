.DEFAULT_GOAL := help
.PHONY: help setup demo test check prove screenshots bench lock

BIN := .venv/bin
SETUP := bash tools/setup.sh

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' Makefile | expand -t 10

setup:  ## make .venv from requirements.lock
	@$(SETUP)

demo: setup  ## make the demo product, run it, print its value ledger, write its report
	@$(BIN)/vitalfew demo

test: check  ## every check and every test, those in a browser included
	@bash tools/chromium.sh
	@$(BIN)/pytest --no-header -n auto -m "not prove and not browser"
	@$(BIN)/pytest --no-header -n 2 --dist loadfile -m browser tests/browser

check: setup  ## what is known without running anything: style, types, direction of dependency
	@$(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/imports.txt || { cat .venv/imports.txt; exit 1; }
	@cd frontend && ../$(BIN)/node node_modules/typescript/bin/tsc --noEmit
	@echo "style, types and direction of dependency: fine"

prove: setup  ## long simulations, and laws on 1,000 generated examples each
	@$(BIN)/pytest --no-header -n auto --dist loadfile --no-loadscope-reorder -m "prove or hypothesis" --hypothesis-profile prove

screenshots: setup  ## pictures of every page, desktop and phone, light and dark, into screenshots/
	@bash tools/chromium.sh
	@$(BIN)/python tools/screenshots.py

bench: setup  ## speed and memory beside plain engine plans
	@for file in benchmarks/bench_*.py; do $(BIN)/python "$$file" || exit; done

lock: setup  ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --group dev --extra web --extra postgres --universal --python-version 3.12 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock
	@$(SETUP)
