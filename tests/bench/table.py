#!/usr/bin/env python3
"""Rows of the benchmark programs (one JSON object a line) as a Markdown table and a JSON array."""
import json
import sys


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "an unknown processor"


def figure(value):
    """Bytes are exact; all else is measured."""
    return str(value) if isinstance(value, int) else f"{value:g}"


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    print(f"On {cpu_model()}.\n")
    print("| row | case | threads | trine | peer | | ratio | min to max |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        digits = 4 if row["unit"] == "bytes" else 2
        peer = f"{row['peer']} ({row['note']})" if row.get("note") else row["peer"]
        print(f"| `{row['name']}` | {row['case']} | {row['threads']} "
              f"| {figure(row['ours'])} {row['unit']} | {peer} | {figure(row['peer_value'])} "
              f"| {row['ratio']:.{digits}f} "
              f"| {row['ratio_min']:.{digits}f} to {row['ratio_max']:.{digits}f} |")
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as out:
            json.dump(rows, out, indent=1)
            out.write("\n")


if __name__ == "__main__":
    main()
