#!/usr/bin/env bash
# From a bare Debian machine to tested programs: installs what is missing, configures, builds, and
# runs every test. The last line is `N passed, N failed, N skipped`.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'EOF'
usage: tests/run.sh [--preset NAME] [--no-deps] [-- CTEST-ARGUMENT...]

  --preset NAME   release (default), debug, asan or tsan; built in build/NAME
  --no-deps       do not look for missing packages
  --              what follows goes to ctest, for example: -- -L core -R range_coder

TRINE_TEST_DATA names the folder of test data; tests that need it are skipped without.
EOF
}

# The cache that deploy/quickstart.sh fills and deploy/check-image.sh starts from.
set_up_ccache() {
  export CCACHE_DIR=${CCACHE_DIR:-${TRINE_CACHE_DIR:-$HOME/.cache/trine}/ccache}
  export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-3G}
}

# A sanitizer stops at the first fault; leaks are looked for at the end of every test program.
set_up_sanitizers() {
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
  export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$ROOT/tests/lsan.supp:print_suppressions=0}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
  export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$ROOT/tests/tsan.supp:second_deadlock_stack=1}
}

# Many a test waits for what servers do in their time: one more than there are processors. Not more
# than eight: the largest hold some GiB each.
tests_at_once() {
  local processors
  processors=$(nproc)
  echo $((processors < 7 ? processors + 1 : 8))
}

main() {
  local preset=release deps=1 build junit status=0
  while (($#)); do
    case $1 in
      --preset) preset=${2:?--preset needs a name} && shift ;;
      --no-deps) deps='' ;;
      --) shift && break ;;
      -h | --help) usage && return ;;
      *) usage >&2 && return 2 ;;
    esac
    shift
  done
  build=$ROOT/build/$preset
  junit=$build/junit.xml
  cd "$ROOT"
  [[ -z $deps ]] || deploy/install-deps.sh
  set_up_ccache
  set_up_sanitizers
  if [[ -n ${TRINE_TEST_DATA:-} ]]; then
    # Tests run in the build folder: a relative path would point elsewhere there.
    TRINE_TEST_DATA=$(cd "$TRINE_TEST_DATA" && pwd)
    export TRINE_TEST_DATA
  fi

  cmake --preset "$preset"
  cmake --build "$build" --parallel "$(nproc)"
  # Results of an earlier run must not be taken for this one's.
  rm -f "$junit"
  ctest --test-dir "$build" --parallel "$(tests_at_once)" --output-on-failure --no-tests=error \
    --output-junit "$junit" "$@" || status=$?
  # Both must agree that all is well: ctest by its exit status, the counts by what ran.
  /usr/bin/python3 tests/ctest_summary.py "$junit" || status=1
  return "$status"
}

main "$@"
