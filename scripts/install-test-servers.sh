#!/bin/sh
# Installs what tests run as their own children: Debian's PostgreSQL 15, PgBouncer, Chromium and nginx, the shells whose completion we
# write, and two MCP clients from npm that are too large for our own packages.
# May be run again at any time. Needs root. Starts no service and makes no cluster.
set -eu

clients=/usr/local/lib/causeway-test
if [ ! -e $clients/node_modules/mcp-remote ] || [ ! -e $clients/node_modules/@modelcontextprotocol/inspector ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "test clients: missing in $clients; run this as root" >&2
    exit 1
  fi
  npm install --prefix $clients --ignore-scripts --no-audit --no-fund --loglevel error \
    mcp-remote@0.15.1 @modelcontextprotocol/inspector@2.12.0
  echo 'test clients: installed mcp-remote and the inspector'
fi

missing=
for package in postgresql-15 pgbouncer chromium nginx-light zsh fish; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo 'test servers: all installed'
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "test servers: missing$missing; run this as root" >&2
  exit 1
fi

# While this file exists, packages do not start what they install.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of words
apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing
echo "test servers: installed$missing"
