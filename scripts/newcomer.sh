#!/usr/bin/env bash
# What a newcomer does, from `git clone` to the first tool call, with the time of each step. Everything happens in a folder that is
# removed; packages that npm has downloaded before are not downloaded again.
# usage: scripts/newcomer.sh [REPOSITORY]
set -euo pipefail

repository=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
# The machine's own Node, not the one that a run of this repository puts before it.
PATH=$(printf %s "$PATH" | tr : '\n' | grep -v node_modules | paste -sd:)
folder=$(mktemp -d)
# The database's own account passes through.
chmod 711 "$folder"
server=
trap finish EXIT

finish() {
  if [ -n "$server" ]; then
    kill -INT -- "-$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}

now() { date +%s%N; }
seconds() { printf '%6.1f s' "$(($1 / 1000000))e-3"; }

# step NAME COMMAND…: runs it and prints how long that took; what it says is shown when it fails.
step() {
  local name=$1 began
  shift
  began=$(now)
  if ! "$@" >"$folder/said" 2>&1; then
    printf '%s failed:\n' "$name"
    cat "$folder/said"
    exit 1
  fi
  printf '%s  %s\n' "$(seconds $(($(now) - began)))" "$name"
}

start() {
  # A session of its own, as in another terminal: Ctrl-C there reaches all of it.
  setsid npm start >"$folder/start" 2>&1 &
  server=$!
  until curl -sf "$CAUSEWAY_URL/ready" >/dev/null; do
    kill -0 "$server" 2>/dev/null || { head -n 20 "$folder/start"; return 1; }
    sleep 0.1
  done
}

# Another gateway may run here: everything else is as it comes.
PORT=$(node -p 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() }); ""' | tr -d '[:space:]')
export PORT CAUSEWAY_URL="http://127.0.0.1:$PORT" CAUSEWAY_DATA_DIR="$folder/data"

whole=$(now)
step 'git clone' git clone --quiet "$repository" "$folder/causeway"
cd "$folder/causeway"
step 'npm install' npm install
step 'npm start, until it answers' start
step 'npx causeway add --example' npx causeway add --example
step 'npx causeway call' npx causeway call example-convert-units --arg value=42 --arg from=km --arg to=mile
printf '%s  in all; the tool says: %s\n' "$(seconds $(($(now) - whole)))" "$(head -n 1 "$folder/said")"
