#!/usr/bin/env bash
# Lints the protocol with buf, and compares it with the last commit that had another proto/: what
# existing clients rely on must not change. A break that is meant is announced by a line
# `Breaking-Proto: REASON` in the message of a commit since then; it is shown, and let pass.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUF_VERSION=1.75.0
CACHE=${TRINE_CACHE_DIR:-$HOME/.cache/trine}/buf-$BUF_VERSION
BUF=$CACHE/node_modules/.bin/buf

# Exits 3 where buf cannot be had: the caller tells that from a finding.
install_buf() {
  [[ ! -x $BUF ]] || return 0
  command -v npm >/dev/null || {
    echo 'proto_check: npm is not installed, and buf comes as an npm package' >&2
    exit 3
  }
  mkdir -p "$CACHE"
  npm install --prefix "$CACHE" --no-audit --no-fund --ignore-scripts --loglevel error \
    "@bufbuild/buf@$BUF_VERSION" >&2
}

# Prints the newest commit whose proto/ differs from the one here, or nothing.
previous_protocol() {
  local commit
  for commit in $(git log --format=%H -- proto); do
    if ! git diff --quiet "$commit" -- 'proto/*.proto'; then
      echo "$commit"
      return
    fi
  done
}

check_compatibility() {
  local commit old
  commit=$(previous_protocol)
  if [[ -z $commit ]]; then
    echo 'proto_check: the history has no other protocol to compare with'
    return
  fi
  old=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$old'" EXIT
  git archive "$commit" proto | tar -x -C "$old"
  cp proto/buf.yaml "$old/proto/"
  if "$BUF" breaking proto --against "$old/proto"; then
    echo "proto_check: compatible with ${commit:0:12}"
  elif git log --format=%B "$commit..HEAD" | grep '^Breaking-Proto: '; then
    echo 'proto_check: the break is announced'
  else
    echo "proto_check: breaks clients of ${commit:0:12}, and no commit since says Breaking-Proto:" >&2
    return 1
  fi
}

cd "$ROOT"
install_buf
"$BUF" lint proto
echo 'proto_check: lint is clean'
check_compatibility
