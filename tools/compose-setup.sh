#!/bin/sh
# sh tools/compose-setup.sh [FOLDER]: makes what docker-compose.yml needs and git does not hold, in the project's folder or
# in another: secrets/ with a password for each role, and .env with the settings. What is there stays.
set -eu
cd "${1:-$(dirname "$0")/..}"

# Containers read the files as users of their own; on this machine the folder keeps everyone else out.
mkdir -p -m 700 secrets
for name in database events users; do
  file=secrets/${name}_password
  [ -s "$file" ] && continue
  head -c 32 /dev/urandom | base64 | tr -d '/+=\n' >"$file.new"
  chmod 444 "$file.new"
  mv "$file.new" "$file"
done

[ -f .env ] || cat >.env <<'END'
# Which database docker compose starts: community, or apache for the Apache edition of TimescaleDB.
COMPOSE_PROFILES=community
END
