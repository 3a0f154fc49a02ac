#!/usr/bin/env bash
# Measures trine against its peers, in one run and interleaved, and prints a Markdown table.
# A ratio says how many times better trine is: above 1 is better.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tests/bench/compare.sh [--group GROUP]... [--data DIR] [--seconds S] [--row TEXT]
                              [--cli-bytes N] [--build DIR] [--out FILE.json]

  --group      normalize, coding, segment, service, cancel (default: all)
  --data       folder with files to measure on; without it made ones are used
  --seconds    length of one measurement (default 0.3; each is repeated at least 9 times)
  --row        only rows whose names contain TEXT
  --cli-bytes  length of the file of the coding group's rows cli.*, which take most of its time
               (default 1 GiB; as much again is needed twice in TMPDIR or /var/tmp)
  --build      build folder (default build/bench)
  --out        also write the rows as a JSON array

The group segment also measures the OpenCV, the scikit-image and the scipy of the Python that
TRINE_BENCH_PYTHON names (default python3): newer ones than Debian's live in a virtual environment.
Peers that take more than 3 s are run once.
EOF
}

groups=() data='' seconds=0.3 row='' cli_bytes='' out=''
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/bench
while (($#)); do
  case $1 in
  --group) groups+=("$2") && shift 2 ;;
  --data) data=$2 && shift 2 ;;
  --seconds) seconds=$2 && shift 2 ;;
  --row) row=$2 && shift 2 ;;
  --cli-bytes) cli_bytes=$2 && shift 2 ;;
  --build) build=$2 && shift 2 ;;
  --out) out=$2 && shift 2 ;;
  --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
  esac
done
((${#groups[@]})) || groups=(normalize coding segment service cancel)

# What GROUP needs built.
targets() {
  case $1 in
  normalize) echo normalize_bench ;;
  coding) echo coding_bench trine ;;
  segment) echo segment_bench ;;
  service) echo trine-server raw_echo_server plain_proto_server service_bench ;;
  cancel) echo cancel_bench hostile_bench ;;
  *) echo "compare.sh: no group $1" >&2 && exit 2 ;;
  esac
}

run() {
  local bin=$build/bin
  case $1 in
  normalize) "$bin/normalize_bench" "$seconds" "$row" ;;
  coding) "$bin/coding_bench" "$seconds" "$row" "$bin/trine" "$files" ${cli_bytes:+"$cli_bytes"} ;;
  segment)
    "$bin/segment_bench" "$seconds" "$row" "$root/tests/bench/segment/segment_peers.py" "$files"
    ;;
  service)
    "$bin/service_bench" "$bin/trine-server" "$bin/raw_echo_server" "$bin/plain_proto_server" \
      "$seconds" ${row:+"$row"}
    ;;
  cancel)
    "$bin/cancel_bench" "$row"
    "$bin/hostile_bench" "$row"
    ;;
  esac
}

export TRINE_BENCH_DATA=$data
"$root/deploy/install-deps.sh" --bench >&2
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTRINE_BENCH=ON >&2
lines=$(mktemp) files=''
trap 'rm -rf "$lines" "$files"' EXIT
# For files of gigabytes: /tmp may be in memory.
files=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
for group in "${groups[@]}"; do
  read -ra wanted <<<"$(targets "$group")"
  ninja -C "$build" "${wanted[@]}" >&2
done
for group in "${groups[@]}"; do
  run "$group" >>"$lines"
done
python3 "$root/tests/bench/table.py" "$lines" ${out:+"$out"}
