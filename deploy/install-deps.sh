#!/usr/bin/env bash
# Installs what trine is built from and tested with, from Debian's own packages.
#
# Safe to run again: where nothing is missing it asks no mirror and needs no privileges.
set -euo pipefail

# What every build needs: compiler, libraries, the other-language client of the tests, certificates.
BASE=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev
  libspdlog-dev libcli11-dev prometheus-cpp-dev libcivetweb-dev nlohmann-json3-dev libtomlplusplus-dev
  libgtest-dev libgmock-dev libtbb-dev libhwy-dev libxxhash-dev libgmp-dev
  libssl-dev libpng-dev libjpeg62-turbo-dev libtiff-dev libwebp-dev
  python3 python3-grpcio python3-protobuf python3-numpy openssl
)
# Traces over OTLP. In Debian 13; for 12 in its backports, which --otlp adds to apt's sources.
OTLP=(opentelemetry-cpp-dev)
OTLP_RUNTIME=(opentelemetry-cpp)
# Formatting, linting, fuzzing (libFuzzer's runtime is a package of its own).
DEV=(clang clang-format clang-tidy libclang-rt-dev shellcheck)
# The peers that the benchmarks compare with. oneDNN's CMake files want OpenCL and do not bring it.
BENCH=(
  libdnnl-dev ocl-icd-opencl-dev libopencv-core-dev libopencv-imgproc-dev libhtscodecs-dev
  python3-skimage python3-scipy
)
# The load tests fetch Envoy, which Debian has not, into a virtual environment.
LOAD=(python3-venv)
# An engine to build and try the image with, and the means to make its base without a registry.
IMAGE=(docker.io debootstrap debian-archive-keyring)
IMAGE_ONLY_13=(docker-cli docker-buildx) # within docker.io on 12
# Shared libraries of the programs. Their names change from release to release (libgrpc++1.51,
# libgrpc++1.51t64), so they are read off these development packages.
RUNTIME_FROM=(
  libgrpc++-dev libgrpc-dev libprotobuf-dev libabsl-dev libspdlog-dev libfmt-dev libcivetweb-dev
  prometheus-cpp-dev libtbb-dev libhwy-dev libxxhash-dev libgmp-dev libssl-dev libpng-dev
  libjpeg62-turbo-dev libtiff-dev libwebp-dev
)

usage() {
  cat <<'EOF'
usage: deploy/install-deps.sh [--dev] [--bench] [--load] [--image] [--otlp] [--list]
       deploy/install-deps.sh --runtime [--otlp] [--list]

Installs trine's dependencies on Debian 12 or 13, as root or through sudo.

  (nothing)   what building and testing needs
  --dev       also clang, libFuzzer, clang-format, clang-tidy, shellcheck
  --bench     also the libraries that the benchmarks compare with
  --load      also what tests/load/run.sh needs to fetch Envoy
  --image     also a Docker engine and debootstrap, for deploy/check-image.sh
  --otlp      on Debian 12 also OpenTelemetry, from backports, which it adds to apt's sources
              where they are missing (nothing else is taken from there); 13 has it anyway
  --runtime   only the shared libraries that the built programs load
  --list      print the package names and install nothing
  --help      this text
EOF
}

die() {
  printf 'install-deps: %s\n' "$*" >&2
  exit 1
}

# Prints the Debian release (12 or 13), or says what to do on another system.
debian_release() {
  local ID='' VERSION_ID='' PRETTY_NAME='an unknown system'
  # shellcheck disable=SC1091
  [[ -r /etc/os-release ]] && . /etc/os-release
  if [[ $ID == debian && ($VERSION_ID == 12 || $VERSION_ID == 13) ]]; then
    echo "$VERSION_ID"
    return
  fi
  die "this is $PRETTY_NAME; only Debian 12 and 13 are supported." \
    "Build the image instead (docker build .), or install what these stand for: ${BASE[*]}"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "packages are missing and this is neither root nor has sudo; as root: $*"
  fi
}

# Prints those of the given packages that are not installed, one a line.
missing_of() {
  local package status
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=''
    [[ $status == installed ]] || echo "$package"
  done
}

update_lists() {
  as_root apt-get -q -o Acquire::Retries=3 update >&2 ||
    die "apt-get update failed: are the package sources of this machine in order?"
}

# Makes Debian 12's backports known to apt. Packages come from there only where they are asked for
# by release or are nowhere else.
add_backports() {
  local site list=/etc/apt/sources.list.d/trine-backports.list
  [[ $(LC_ALL=C apt-cache policy "$1") != *'Candidate: '[!\(]* ]] || return 0
  # The mirror that the rest comes from. A fresh base image holds no lists yet: --no-release-info goes without them.
  # shellcheck disable=SC2016
  site=$(apt-get indextargets --no-release-info --format '$(SITE) $(RELEASE) $(COMPONENT)' |
    sed -n 's/^\([^ ]*\) bookworm main$/\1/p' | sort -u | sed -n 1p)
  echo "deb ${site:-http://deb.debian.org/debian} bookworm-backports main" |
    as_root tee "$list" >/dev/null
  update_lists
}

# Prints the shared-library packages that RUNTIME_FROM depends on.
runtime_packages() {
  # prometheus-cpp's push library is left out: nothing of ours loads it, and it brings curl.
  LC_ALL=C apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances "${RUNTIME_FROM[@]}" |
    sed -n 's/^ *Depends: \(lib[^ <>]*\)$/\1/p' |
    grep -v -e '-dev$' -e '^libprometheus-cpp-push' | sort -u
}

install_packages() {
  local package names missing=() unavailable=()
  names=$(missing_of "$@")
  if [[ -z $names ]]; then
    echo "install-deps: all $# packages are there"
    return
  fi
  mapfile -t missing <<<"$names"
  update_lists
  for package in "${missing[@]}"; do
    [[ $(LC_ALL=C apt-cache policy "$package") == *'Candidate: '[!\(]* ]] ||
      unavailable+=("$package")
  done
  ((${#unavailable[@]} == 0)) ||
    die "no package source of this machine has: ${unavailable[*]} (Debian's section main does)"
  echo "install-deps: installing ${missing[*]}"
  # The lock is waited for: another run on the same machine is no error.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
    install "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
}

main() {
  local release names packages=("${BASE[@]}") runtime='' list=''
  local dev='' bench='' load='' image='' otlp=''
  while (($#)); do
    case $1 in
      --dev) dev=1 ;;
      --bench) bench=1 ;;
      --load) load=1 ;;
      --image) image=1 ;;
      --otlp) otlp=1 ;;
      --runtime) runtime=1 ;;
      --list) list=1 ;;
      -h | --help) usage && return ;;
      *) usage >&2 && printf '\ninstall-deps: unknown argument: %s\n' "$1" >&2 && return 2 ;;
    esac
    shift
  done
  [[ -z $runtime || -z $dev$bench$load$image ]] || die '--runtime goes with --otlp and --list only'
  release=$(debian_release)
  [[ -z $dev ]] || packages+=("${DEV[@]}")
  [[ -z $bench ]] || packages+=("${BENCH[@]}")
  [[ -z $load ]] || packages+=("${LOAD[@]}")
  if [[ -n $image ]]; then
    packages+=("${IMAGE[@]}")
    [[ $release == 12 ]] || packages+=("${IMAGE_ONLY_13[@]}")
  fi
  [[ $release == 12 ]] || otlp=1
  [[ -z $otlp ]] || packages+=("${OTLP[@]}")
  if [[ -n $runtime ]]; then
    # Names come from the package lists, which a fresh base image does not hold yet.
    apt-cache show libgrpc++-dev >/dev/null 2>&1 || update_lists
    names=$(runtime_packages) || die 'could not tell the runtime libraries from the package lists'
    mapfile -t packages <<<"$names"
    [[ -z $otlp ]] || packages+=("${OTLP_RUNTIME[@]}")
  fi
  if [[ -z $list && -n $otlp && $release == 12 && -n $(missing_of "${packages[@]: -1}") ]]; then
    add_backports "${packages[@]: -1}"
  fi
  if [[ -n $list ]]; then
    printf '%s\n' "${packages[@]}"
  else
    install_packages "${packages[@]}"
  fi
}

main "$@"
