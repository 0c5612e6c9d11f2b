"""Run the measurements and print them as tables: ``python -m bench [--quick] [--exact] [--only TEXT] …``."""

from __future__ import annotations

import argparse
import platform
import sys
import time

from bench import exact, inside, measure, table


def main() -> int:
    """Measure what is asked for; 0 unless ``--strict`` and something misses what it must reach."""
    asked = _arguments()
    begun = time.monotonic()
    plan = measure.Plan(asked.turns or (5 if asked.quick else 15), asked.only, with_postgres=not asked.no_postgres)
    print(f"Python {platform.python_version()}, {platform.machine()}, {'quick' if asked.quick else 'full'} run\n")
    if asked.exact:
        fault = exact.missing()
        print(fault or "\n".join(exact.run(plan)))
        return 0
    results, left_out = measure.run(plan)
    lines = table.requests(results)
    if not asked.only:
        figures = inside.rules(5 if asked.quick else 15)
        started, also = inside.starts(3 if asked.quick else 7)
        lines += ["", *table.figures(figures + started)]
        left_out += also
    print("\n".join(lines))
    for what in left_out:
        print(f"\nleft out: {what}")
    print(f"\n{time.monotonic() - begun:.0f} s")
    return 1 if asked.strict and any(table.MISSED in line for line in lines) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer turns: half a minute, wider spread")
    parser.add_argument("--exact", action="store_true", help="count instructions with valgrind instead of time")
    parser.add_argument("--only", default="", metavar="TEXT", help="only operations whose name contains this")
    parser.add_argument("--turns", type=int, default=0, help="how many slices each server gets")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--strict", action="store_true", help="end with 1 when something misses what it must reach")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
