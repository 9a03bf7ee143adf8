"""``make bench``: run the benchmarks, print a table, keep it. ``BENCH_SCALE=1`` is the full size."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path

import tests.benchmarks
from tests.benchmarks.result import Figure, save, table


def main(wanted: list[str]) -> int:
    scale = float(os.environ.get("BENCH_SCALE", "0.1"))
    figures: list[Figure] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(tests.benchmarks.__path__)):
        if not module.startswith("bench_") or (wanted and module.removeprefix("bench_") not in wanted):
            continue
        print(f"{module.removeprefix('bench_')} …", flush=True)
        measured = importlib.import_module(f"tests.benchmarks.{module}").run(scale)
        for figure in measured:
            print(f"  {figure.name}: {figure.measured:.3g} {figure.unit} ({figure.detail})", flush=True)
        figures += measured
    print("\n" + table(figures, scale))
    print(f"\nkept in {save(figures, scale).relative_to(Path.cwd())}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
