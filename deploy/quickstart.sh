#!/usr/bin/env bash
# From a bare machine to a working server: installs what is missing, builds, starts the server on a
# free port of the loopback interface, segments a picture, codes and decodes its mask, normalizes a
# feature map and checks it, prints a table, and stops the server. Leaves nothing running.
#
# Usage: deploy/quickstart.sh [--out DIR]    (default DIR: build/quickstart)
# The pictures stay in DIR: cells.png, mask.png, overlay.png. Fast the second time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$root/build/quickstart
case "${1:-}" in
  "") ;;
  --out) out=${2:?"--out needs a folder"} ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0; exit 2 ;;
esac

say() { printf '\n== %s\n' "$*"; }

server_pid=
stop_server() {
  [ -n "$server_pid" ] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid" || true
  server_pid=
}
trap stop_server EXIT

build() {
  say "Installing what is missing"
  "$root/deploy/install-deps.sh"
  say "Building (some minutes the first time)"
  local bin=$root/build/release
  # The cache that tests/run.sh uses.
  export CCACHE_DIR=${CCACHE_DIR:-${TRINE_CACHE_DIR:-$HOME/.cache/trine}/ccache}
  [ -f "$bin/build.ninja" ] || (cd "$root" && cmake --preset release >"$out/configure.log") ||
    { tail -n 20 "$out/configure.log" >&2; return 1; }
  cmake --build "$bin" --target trine trine-server
}

start_server() {
  rm -f "$out/ports.json"
  "$root/build/release/bin/trine-server" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 \
    --drain-delay-ms 0 --port-file "$out/ports.json" 2>"$out/server.log" &
  server_pid=$!
  local tries=0
  until [ -s "$out/ports.json" ]; do
    if ! kill -0 "$server_pid" 2>/dev/null || [ $((tries += 1)) -gt 300 ]; then
      echo "the server did not start:" >&2
      tail -n 20 "$out/server.log" >&2
      return 1
    fi
    sleep 0.1
  done
  TRINE_SERVER=$(json "$out/ports.json" listen.0)
  export TRINE_SERVER
}

# json FILE a.b.0: a value inside a JSON file.
json() {
  /usr/bin/python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    value = value[int(key)] if key.isdigit() else value[key]
print(value)' "$1" "$2"
}

main() {
  mkdir -p "$out"
  build
  local trine=$root/build/release/bin/trine
  say "Making a picture of cells and a feature map"
  /usr/bin/python3 "$root/deploy/make_sample.py" "$out"
  start_server
  echo "server at $TRINE_SERVER (process $server_pid)"

  say "Segmenting"
  "$trine" segment "$out/cells.pgm" --force -o "$out/mask.png" --overlay "$out/overlay.png" \
    --steps mean:window=121:offset=-18,fill-holes,components:min_area=80:connectivity=4,distance,watershed,measure \
    --json >"$out/segment.json"
  say "Coding the mask and decoding it again"
  "$trine" encode "$out/mask.png" --as image --force -o "$out/mask.trine" --json >"$out/encode.json"
  "$trine" decode "$out/mask.trine" --force -o "$out/decoded.png" --json >"$out/decode.json"
  say "Normalizing the feature map"
  "$trine" normalize "$out/features.npy" --preset alexnet --force -o "$out/out.npy" \
    --json >"$out/normalize.json"
  stop_server
  check_and_report
}

# Compares every result with what it must be, and prints the table.
check_and_report() {
  say "Results"
  /usr/bin/python3 - "$out" <<'PYTHON'
import json, sys
import numpy as np

out = sys.argv[1]
read = lambda name: json.load(open(f"{out}/{name}"))
segment, encode, truth = read("segment.json"), read("encode.json"), read("truth.json")
got, want = np.load(f"{out}/out.npy"), np.load(f"{out}/normalized.npy")
error = float(np.max(np.abs(got - want) / np.maximum(np.abs(want), 1e-30)))
same = open(f"{out}/mask.png", "rb").read() == open(f"{out}/decoded.png", "rb").read()
found = len(segment["regions"])
rows = [
    ("segment", f"{found} cells found, {truth['cells']} drawn", found == truth["cells"]),
    ("", f"{100 * segment['foreground_fraction']:.1f} % foreground; {out}/overlay.png", True),
    ("encode", f"{encode['raw_bytes']} -> {encode['coded_bytes']} bytes"
               f" ({encode['bits_per_symbol']:.3f} bits a pixel, model {encode['model']})", True),
    ("decode", "the mask came back the same" if same else "THE MASK DIFFERS", same),
    ("normalize", f"largest relative error {error:.1e} against float64", error < 1e-6),
]
for name, text, ok in rows:
    print(f"  {name:<10} {text:<58} {'ok' if ok else 'WRONG'}")
sys.exit(0 if all(ok for _, _, ok in rows) else 1)
PYTHON
}

main
