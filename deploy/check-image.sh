#!/usr/bin/env bash
# Builds the image and tries it: started read-only, without capabilities and not as root, it must
# turn healthy, answer, and stop cleanly.
#
# Uses the Docker engine that answers. Where none does, it starts one of its own in a temporary
# folder (root only) and ends it afterwards, with everything it held. Where the base image cannot
# be pulled, it is made with debootstrap from the package mirror that this machine uses.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${TRINE_CACHE_DIR:-$HOME/.cache/trine}
BASE_IMAGE=debian:bookworm-slim
SUITE=bookworm
IMAGE=trine:check
SEED_IMAGE=trine-ccache:seed
CONTAINER=trine-check-$$
# A compiler cache above this is not worth copying into an engine.
SEED_LIMIT_KIB=$((3 * 1024 * 1024))

WORK=''
DOCKER=()
ENGINE_PID=''
ROWS=()
FAILED=0

usage() {
  cat <<'EOF'
usage: deploy/check-image.sh [--help]

Builds the image from this checkout, runs it locked down, sends it requests, stops it.
TRINE_CACHE_DIR (default ~/.cache/trine) keeps the base image and the compiler cache between runs.
EOF
}

say() { printf 'check-image: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# ---- cleaning up: only what this run started --------------------------------------------------

end_engine() {
  [[ -n $ENGINE_PID ]] || return 0
  kill -TERM "$ENGINE_PID" 2>/dev/null || true
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$ENGINE_PID" 2>/dev/null || break
    sleep 0.2
  done
  kill -KILL "$ENGINE_PID" 2>/dev/null || true
  wait "$ENGINE_PID" 2>/dev/null || true
  ENGINE_PID=''
}

# An engine that was killed leaves mounts behind, and a folder with mounts cannot be removed.
unmount_below() {
  local points point
  points=$(cut -d' ' -f5 /proc/self/mountinfo | grep "^$1/" | sort -r) || return 0
  while read -r point; do
    umount -l "$point" 2>/dev/null || true
  done <<<"$points"
}

cleanup() {
  local status=$?
  trap - EXIT INT TERM
  if ((${#DOCKER[@]})); then
    "${DOCKER[@]}" rm -f "$CONTAINER" >/dev/null 2>&1 || true
  fi
  if [[ -n $WORK ]]; then
    end_engine
    unmount_below "$WORK"
    rm -rf --one-file-system "$WORK"
  fi
  exit "$status"
}

# ---- the engine ------------------------------------------------------------------------------

# BuildKit is part of the client up to Docker 22 and a plugin of it from 23 on.
client_has_buildkit() {
  local version
  "$1" buildx version >/dev/null 2>&1 && return
  version=$("$1" --version 2>/dev/null | sed -n 's/^Docker version \([0-9]*\).*/\1/p')
  [[ -n $version ]] && ((version < 23))
}

# Prints the client to use. Several may be installed, and the first of PATH may lack BuildKit.
find_client() {
  local candidate
  for candidate in docker /usr/bin/docker; do
    if command -v "$candidate" >/dev/null && client_has_buildkit "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# Starts an engine that needs neither firewall rules nor a bridge: a sandbox may forbid both, and
# the check needs no network of its own.
start_engine() {
  local client driver tries
  ((EUID == 0)) || die 'no Docker engine answers, and only root can start one'
  "$ROOT/deploy/install-deps.sh" --image >"$WORK/install.log" 2>&1 ||
    { tail -n 20 "$WORK/install.log" >&2 && die 'cannot install a Docker engine'; }
  client=$(find_client) || die 'no Docker client with BuildKit is installed'
  for driver in overlay2 vfs; do
    dockerd --host "unix://$WORK/docker.sock" --data-root "$WORK/data" --exec-root "$WORK/exec" \
      --pidfile "$WORK/docker.pid" --iptables=false --ip6tables=false --bridge=none \
      --storage-driver "$driver" >"$WORK/dockerd.log" 2>&1 </dev/null &
    ENGINE_PID=$!
    for ((tries = 0; tries < 150; tries++)); do
      if "$client" --host "unix://$WORK/docker.sock" info >/dev/null 2>&1; then
        DOCKER=("$client" --host "unix://$WORK/docker.sock")
        say "started an engine of its own ($driver)"
        return
      fi
      kill -0 "$ENGINE_PID" 2>/dev/null || break
      sleep 0.2
    done
    end_engine
  done
  tail -n 20 "$WORK/dockerd.log" >&2
  die 'the Docker engine does not start'
}

find_engine() {
  local client
  if client=$(find_client) && timeout 20 "$client" info >/dev/null 2>&1; then
    DOCKER=("$client")
    say 'using the engine that answers'
  else
    start_engine
  fi
}

# ---- the base image --------------------------------------------------------------------------

# Prints "URI RELEASE" for each of this machine's Debian sources of SUITE.
debian_sources() {
  # shellcheck disable=SC2016 # apt's variables, not the shell's
  LC_ALL=C apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN) $(COMPONENT)' \
    'Created-By: Packages' |
    awk -v suite="$SUITE" '$3 ~ /^Debian/ && $4 == "main" && index($2, suite) == 1 {print $1, $2}' |
    sort -u
}

# Makes a root file system like the official slim image's, with this machine's own way to reach
# packages (mirror, proxy), and packs it into $1.
debootstrap_base() {
  local sources mirror fs=$WORK/base
  command -v debootstrap >/dev/null || "$ROOT/deploy/install-deps.sh" --image >&2
  [[ -n $(debian_sources) ]] || apt-get -q update >&2
  sources=$(debian_sources)
  mirror=$(awk -v suite="$SUITE" '$2 == suite {print $1; exit}' <<<"$sources")
  [[ -n $mirror ]] || die "this machine has no package source for Debian $SUITE to make a base from"
  debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$fs" "$mirror" \
    >"$WORK/debootstrap.log" 2>&1 ||
    { tail -n 20 "$WORK/debootstrap.log" >&2 && die 'debootstrap failed'; }
  awk '{print "deb", $1, $2, "main"}' <<<"$sources" >"$fs/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(http|https|Check|Retries)' \
    >"$fs/etc/apt/apt.conf.d/90host" || true
  printf 'path-exclude /usr/share/%s/*\n' doc man locale >"$fs/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$fs"/usr/share/{doc,man,locale}/* "$fs"/var/lib/apt/lists/* "$fs"/var/cache/apt/*
  if ! { mkdir -p "$(dirname "$1")" && tar -C "$fs" -c . >"$1.part" && mv "$1.part" "$1"; }; then
    die "cannot write $1"
  fi
  rm -rf --one-file-system "$fs"
}

# The name is the official image's, so that the Dockerfile stays as it is.
provide_base() {
  local tarball
  tarball=$CACHE/base-$SUITE-$(dpkg --print-architecture 2>/dev/null || uname -m).tar
  "${DOCKER[@]}" image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
  # Older than a month, its security updates are too many to add on every build.
  if [[ -z $(find "$tarball" -mtime -30 2>/dev/null) ]]; then
    timeout 120 "${DOCKER[@]}" pull -q "$BASE_IMAGE" >"$WORK/pull.log" 2>&1 && return
    say "cannot pull $BASE_IMAGE; making it with debootstrap"
    debootstrap_base "$tarball"
  fi
  "${DOCKER[@]}" import -c 'CMD ["bash"]' "$tarball" "$BASE_IMAGE" >/dev/null
}

# ---- the image -------------------------------------------------------------------------------

# An engine that lives for one check has an empty compiler cache: give it what the build outside
# of it has just filled. Prints the name of the image that holds it.
provide_ccache() {
  local folder=${CCACHE_DIR:-$CACHE/ccache} size
  if [[ -n $ENGINE_PID && -d $folder ]]; then
    size=$(du -sk "$folder" | cut -f1)
    if ((size < SEED_LIMIT_KIB)); then
      tar -C "$folder" -c . | "${DOCKER[@]}" import - "$SEED_IMAGE" >/dev/null
      echo "$SEED_IMAGE"
      return
    fi
  fi
  echo scratch
}

build_image() {
  local seed revision
  seed=$(provide_ccache)
  revision=$(git -C "$ROOT" rev-parse HEAD 2>/dev/null) || revision=unknown
  # --network host: an engine without a bridge has no other way to the package mirror.
  DOCKER_BUILDKIT=1 "${DOCKER[@]}" build --progress plain --network host --tag "$IMAGE" \
    --build-arg "CCACHE_SEED=$seed" --build-arg "REVISION=$revision" "$ROOT" \
    >"$WORK/build.log" 2>&1 ||
    { tail -n 80 "$WORK/build.log" >&2 && return 1; }
  sed -n 's/^#[0-9]* [0-9.]*  *\(Hits: .*\|.*tests passed.*\)/\1/p' "$WORK/build.log" |
    head -n 4 >&2
}

# ---- the checks ------------------------------------------------------------------------------

# check NAME COMMAND...: runs it, times it, notes it as a row of the table.
check() {
  local name=$1 start=$EPOCHREALTIME result=ok seconds
  shift
  # `set -e` does not hold inside a condition: every step below says itself when it fails.
  if ! "$@"; then
    result=FAILED
    FAILED=$((FAILED + 1))
  fi
  seconds=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f", b - a}')
  ROWS+=("$(printf '%-48s %8s  %s' "$name" "$seconds" "$result")")
  [[ $result == ok ]]
}

# No network but its own loopback: nothing outside can reach it, no port can be taken already.
start_container() {
  "${DOCKER[@]}" run --detach --name "$CONTAINER" --network none --read-only --cap-drop ALL \
    --security-opt no-new-privileges --memory 1g --cpus 2 --health-interval 1s "$IMAGE" >/dev/null
}

state() { "${DOCKER[@]}" inspect --format "$1" "$CONTAINER"; }
in_container() { "${DOCKER[@]}" exec -i "$CONTAINER" "$@"; }

becomes_healthy() {
  local tries
  for ((tries = 0; tries < 60; tries++)); do
    [[ $(state '{{.State.Health.Status}}') == healthy ]] && return
    [[ $(state '{{.State.Running}}') == true ]] || break
    sleep 0.5
  done
  "${DOCKER[@]}" logs --tail 20 "$CONTAINER" >&2
  state '{{json .State.Health}}' >&2
  return 1
}

is_locked_down() {
  [[ $(in_container id -u) == 65532 ]] || return
  ! in_container touch /written 2>/dev/null
}

# 64 x 64 pixels, the left half 40, the right half 200.
make_picture() {
  local row
  row=$(printf '\\050%.0s' {1..32})$(printf '\\310%.0s' {1..32})
  printf 'P5\n64 64\n255\n'
  # shellcheck disable=SC2059
  for _ in {1..64}; do printf "$row"; done
}

# Prints the value of a key of the JSON object on standard input.
json_value() {
  /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

segments() {
  local fraction
  make_picture >"$WORK/picture.pgm"
  in_container trine --json segment - <"$WORK/picture.pgm" >"$WORK/segment.json" || return
  fraction=$(json_value foreground_fraction <"$WORK/segment.json") || return
  [[ $fraction == 0.5 ]] || { say "foreground is $fraction, not 0.5" && return 1; }
}

codes() {
  in_container trine encode - -o - <"$WORK/build.log" >"$WORK/coded" || return
  in_container trine decode - -o - <"$WORK/coded" >"$WORK/decoded" || return
  cmp "$WORK/build.log" "$WORK/decoded" || return
  (($(stat -c %s "$WORK/coded") < $(stat -c %s "$WORK/build.log")))
}

tells_version() {
  [[ -n $(in_container trine info) ]]
}

stops_cleanly() {
  local code
  "${DOCKER[@]}" stop --time 45 "$CONTAINER" >/dev/null || return
  code=$(state '{{.State.ExitCode}}')
  [[ $code == 0 ]] && return
  "${DOCKER[@]}" logs --tail 20 "$CONTAINER" >&2
  say "exit code $code after SIGTERM"
  return 1
}

run_checks() {
  check 'engine' find_engine || return
  check 'base image' provide_base || return
  check 'build, kernel tests inside' build_image || return
  check 'start: read-only, no capabilities, no network' start_container || return
  check 'healthy by its own HEALTHCHECK' becomes_healthy || return
  check 'not root, cannot write' is_locked_down || true
  check 'info' tells_version || true
  check 'segment a picture' segments || true
  check 'encode, decode, compare' codes || true
  check 'SIGTERM: exit code 0' stops_cleanly || true
}

main() {
  case ${1:-} in
    '') ;;
    -h | --help) usage && return ;;
    *) usage >&2 && return 2 ;;
  esac
  trap cleanup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # Not /tmp: that may be held in memory, and an image is large.
  WORK=$(mktemp -d /var/tmp/trine-check.XXXXXX)
  run_checks || true
  printf '\n%-48s %8s  %s\n' check seconds result
  printf '%s\n' "${ROWS[@]}"
  "${DOCKER[@]}" image ls --format 'image size {{.Size}}' "$IMAGE" 2>/dev/null || true
  printf '\n%d passed, %d failed\n' $((${#ROWS[@]} - FAILED)) "$FAILED"
  ((FAILED == 0))
}

main "$@"
