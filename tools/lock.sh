#!/bin/sh
# Makes the pinned requirements again from pyproject.toml, without naming a registry.
set -eu
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 "$@"; }
lock pyproject.toml -o requirements/run.txt
lock pyproject.toml --group build --group dev -o requirements/dev.txt
lock --group build -o requirements/build.txt
