"""Runs the load tests; run.sh starts it. Prints a Markdown table; exit code 1 where a goal fails."""

import argparse
import json
import os
import pathlib
import platform
import resource
import sys
import tempfile
import time

import rows as table
import scenarios


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--envoy", default="")
    parser.add_argument("--group", default="all", choices=[*scenarios.GROUPS, "all"])
    parser.add_argument("--attack", action="append", choices=list(scenarios.attacks.ATTACKS))
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    scenarios.processes.raise_priority()
    # The attacker's sockets, in a child of this process.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))

    rows = []
    print(f"{os.cpu_count()} CPUs, {platform.machine()}; client, attacker and server share them\n")
    print("| test | goal | figure | verdict |\n|---|---|---|---|", flush=True)
    names = list(scenarios.GROUPS) if options.group == "all" else [options.group]
    for name in names:
        seconds = options.seconds or (1800 if name == "soak" else 20)
        with tempfile.TemporaryDirectory() as folder:
            setup = scenarios.Setup(options.server, options.load, options.envoy, folder, seconds)
            group = scenarios.GROUPS[name]
            chosen = [options.attack] if name == "attack" and options.attack else []
            made = group(setup, *chosen)
            start = time.monotonic()
            try:
                for one in made:
                    rows.append({"group": name, **one})
                    print(f"| {one['test']} | {one['goal']} | {one['figure']} | {one['verdict']} |",
                          flush=True)
            except Exception as error:  # pylint: disable=broad-except
                # The other groups still have something to say.
                rows.append({"group": name, "test": name, "goal": "runs", "figure": repr(error),
                             "verdict": table.FAILS})
                print(f"| {name} | runs | {error!r} | {table.FAILS} |", flush=True)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")
    failed = [one["test"] for one in rows if one["verdict"] == table.FAILS]
    expected = sum(one["verdict"] == table.EXPECTED for one in rows)
    print(f"\n{len(rows)} rows, {len(failed)} failed, {expected} expected failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
