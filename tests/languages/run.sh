#!/usr/bin/env bash
# Clients in other languages, generated from proto/ as their users would, against a real server on
# loopback: Go, Java and Node each ask for its description, normalize, segment, code and decode, meet
# a refusal, and check what comes back.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HERE=$ROOT/tests/languages
CACHE=${TRINE_CACHE_DIR:-$HOME/.cache/trine}/languages
ALL=(go java node)
WORK=''
SERVER=''

usage() {
  cat <<'EOF'
usage: tests/languages/run.sh [--build FOLDER] [LANGUAGE]...

  --build FOLDER   a build folder with bin/trine-server (default build/release, built if need be)
  LANGUAGE         go, java or node; all of them when none is named

A language whose tools are missing, or whose packages cannot be fetched, is skipped and named. Exit
code: 0 when all that ran passed, 1 when one failed, 3 when none could run. What is fetched is kept
in $TRINE_CACHE_DIR (~/.cache/trine).
EOF
}

PROTOS=(trine/v1/{tensor,normalization,coding,segmentation,server}.proto)

declare -A TOOLS=([go]='go protoc' [java]='java javac mvn protoc' [node]='node npm')

# ---- one function a language: $1 is the server's address -----------------------------------------

# Runs a command that fetches packages. Where that fails, it is no client that is at fault.
readonly CANNOT_FETCH=75
fetch() { "$@" || exit "$CANNOT_FETCH"; }

# The plugins' versions are those of go.mod.
client_go() {
  export GOMODCACHE=$CACHE/go/mod GOCACHE=$CACHE/go/build GOBIN=$CACHE/go/bin
  export GOFLAGS='-modcacherw -trimpath' GOTOOLCHAIN=local
  local plugin
  for plugin in google.golang.org/protobuf/cmd/protoc-gen-go@v1.31.0 \
    google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.3.0; do
    # Keeps the version in the name: another one is another file.
    if [[ ! -x $GOBIN/${plugin##*@}/$(basename "${plugin%@*}") ]]; then
      GOBIN=$GOBIN/${plugin##*@} fetch go install "$plugin"
    fi
  done
  cp "$HERE"/go/{go.mod,go.sum,main.go} .
  PATH=$GOBIN/v1.31.0:$GOBIN/v1.3.0:$PATH protoc -I "$ROOT/proto" --go_out=. --go_opt=module=trine \
    --go-grpc_out=. --go-grpc_opt=module=trine "${PROTOS[@]}"
  fetch go mod download
  go build -o client .
  ./client "$1"
}

# The libraries and the generator for gRPC come from Maven, as java/pom.xml lists them.
client_java() {
  local libs
  libs=$CACHE/java/$(sha256sum "$HERE/java/pom.xml" | cut -c 1-16)
  if [[ ! -f $libs/complete ]]; then
    fetch mvn -q -B -Dstyle.color=never -f "$HERE/java/pom.xml" -Dmaven.repo.local="$CACHE/java/m2" \
      -DoutputDirectory="$libs" dependency:copy-dependencies
    chmod +x "$libs"/protoc-gen-grpc-java-*.exe
    touch "$libs/complete"
  fi
  mkdir generated classes
  protoc -I "$ROOT/proto" --java_out=generated --grpc-java_out=generated \
    --plugin=protoc-gen-grpc-java="$(echo "$libs"/protoc-gen-grpc-java-*.exe)" "${PROTOS[@]}"
  find generated -name '*.java' >sources
  javac -nowarn -d classes -cp "$libs/*" @sources "$HERE/java/Client.java"
  java -cp "classes:$libs/*" Client "$1"
}

# Node reads the .proto files when it starts.
client_node() {
  local modules
  modules=$CACHE/node/$(sha256sum "$HERE/node/package-lock.json" | cut -c 1-16)
  if [[ ! -f $modules/complete ]]; then
    mkdir -p "$modules"
    cp "$HERE"/node/package{,-lock}.json "$modules/"
    fetch npm ci --prefix "$modules" --cache "$CACHE/node/npm" --no-audit --no-fund --ignore-scripts \
      --loglevel error
    touch "$modules/complete"
  fi
  NODE_PATH=$modules/node_modules node "$HERE/node/client.js" "$1" "$ROOT/proto"
}

# ---- running them --------------------------------------------------------------------------------

# Starts a server; its address goes to the variable ADDRESS.
start_server() {
  local ports=$WORK/ports.json
  env -u TRINE_CONFIG TRINE_DRAIN_DELAY_MS=0 "$1/bin/trine-server" --listen 127.0.0.1:0 \
    --metrics-listen 127.0.0.1:0 --port-file "$ports" >"$WORK/server.log" 2>&1 &
  SERVER=$!
  for ((i = 0; i < 600; ++i)); do
    ADDRESS=$(sed -n 's/.*"listen": *\["\([^"]*\)".*/\1/p' "$ports" 2>/dev/null || true)
    [[ -z $ADDRESS ]] || return 0
    kill -0 "$SERVER" 2>/dev/null || break
    sleep 0.1
  done
  echo 'languages: the server did not start:' >&2
  cat "$WORK/server.log" >&2
  return 1
}

stop() {
  [[ -z $SERVER ]] || kill "$SERVER" 2>/dev/null || true
  [[ -z $WORK ]] || rm -rf "$WORK"
}

# Prints the tools of a language that are missing.
missing() {
  local tool
  for tool in ${TOOLS[$1]}; do
    command -v "$tool" >/dev/null || printf '%s ' "$tool"
  done
}

main() {
  local build='' language lacks start languages=() ran=0 failed=0
  while (($#)); do
    case $1 in
      --build) build=${2:?--build needs a folder} && shift ;;
      -h | --help) usage && return ;;
      *)
        [[ " ${ALL[*]} " == *" $1 "* ]] || { usage >&2 && return 2; }
        languages+=("$1")
        ;;
    esac
    shift
  done
  ((${#languages[@]})) || languages=("${ALL[@]}")
  if [[ -z $build ]]; then
    build=$ROOT/build/release
    [[ -f $build/build.ninja ]] || cmake -S "$ROOT" --preset release >/dev/null
    cmake --build "$build" --target trine-server >/dev/null
  fi
  WORK=$(mktemp -d)
  trap stop EXIT
  start_server "$(cd "$build" && pwd)"
  for language in "${languages[@]}"; do
    lacks=$(missing "$language")
    if [[ -n $lacks ]]; then
      echo "languages: $language is skipped, these are not installed: $lacks"
      continue
    fi
    ran=$((ran + 1)) start=$SECONDS
    mkdir "$WORK/$language"
    # Not inside a condition: the function's own `set -e` would not hold there.
    set +e
    (
      set -e
      cd "$WORK/$language"
      "client_$language" "$ADDRESS"
    )
    local status=$?
    set -e
    if ((status == 0)); then
      echo "languages: $language passed in $((SECONDS - start)) s"
    elif ((status == CANNOT_FETCH)); then
      echo "languages: $language is skipped, its packages cannot be fetched"
      ran=$((ran - 1))
    else
      echo "languages: $language FAILED"
      failed=1
    fi
  done
  ((failed == 0)) || return 1
  ((ran > 0)) || return 3
}

main "$@"
