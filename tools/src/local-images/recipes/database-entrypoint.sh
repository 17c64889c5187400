#!/bin/sh
# Starts PostgreSQL 17 with TimescaleDB, and makes its cluster first where there is none: the entrypoint of a container,
# or `chroot FOLDER /usr/local/bin/database-entrypoint` without one. Arguments, such as -c max_connections=200, go to
# postgres. The variables are those of the official image:
#   POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE   the superuser's password
#   POSTGRES_HOST_AUTH_METHOD=trust               needs no password, from wherever
#   POSTGRES_USER, POSTGRES_DB                    the superuser (postgres) and a database (named like the superuser)
#   PGDATA, PGPORT                                where the cluster is (/var/lib/postgresql/data), and its port (5432)
set -eu
export PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
export PGDATA="${PGDATA:-/var/lib/postgresql/data}"
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
# As process 1, a shell that is making the cluster would ignore them.
trap 'exit 143' TERM
trap 'exit 130' INT

main() {
  case ${1:-postgres} in
    postgres) [ $# = 0 ] || shift ;;
    -*) ;;
    *) exec "$@" ;;
  esac
  read_password
  if [ "$(id -u)" = 0 ]; then become_postgres "$@"; fi
  [ -w "$PGDATA" ] || refuse "PGDATA ($PGDATA) is not a folder that the user $(id -un) may write to."
  [ -s "$PGDATA/PG_VERSION" ] || make_cluster
  unset POSTGRES_PASSWORD
  exec postgres "$@"
}

refuse() {
  echo "$1" >&2
  exit 1
}

# Before root is given up, since the file may be root's alone.
read_password() {
  [ -n "${POSTGRES_PASSWORD_FILE:-}" ] || return 0
  [ -r "$POSTGRES_PASSWORD_FILE" ] || refuse "POSTGRES_PASSWORD_FILE ($POSTGRES_PASSWORD_FILE) cannot be read."
  POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  export POSTGRES_PASSWORD
  unset POSTGRES_PASSWORD_FILE
}

become_postgres() {
  mkdir -p "$PGDATA" /run/postgresql
  chown postgres: "$PGDATA" /run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
}

# In a folder inside PGDATA, whose files move out when all are there, the one that tells a cluster last. So whatever is
# beside that folder is left of a run that was interrupted, and nothing else is ever removed.
make_cluster() {
  new=$PGDATA/.new-cluster
  if [ -d "$new" ]; then
    find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
  elif [ -n "$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
    refuse "PGDATA ($PGDATA) holds files, but no cluster: name an empty folder."
  fi
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    refuse 'There is no password: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust.'
  fi
  mkdir -m 700 "$new"
  output=$(fill_cluster 2>&1) || refuse "The cluster cannot be made: $output"
  rm "$new.password"
  find "$new" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
  chmod 700 "$PGDATA"
  sync "$PGDATA"
  mv "$new/PG_VERSION" "$PGDATA"
  rmdir "$new"
  sync "$PGDATA"
}

fill_cluster() {
  write_password &&
    initdb -D "$new" --username="$user" --pwfile="$new.password" --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
      --auth-local=trust --auth-host="$method" &&
    create_database &&
    printf 'host all all all %s\n' "$method" >>"$new/pg_hba.conf" &&
    printf '%s\n' "listen_addresses = '*'" "shared_preload_libraries = 'timescaledb'" \
      'timescaledb.telemetry_level = off' >>"$new/postgresql.conf" &&
    sync "$new/pg_hba.conf" "$new/postgresql.conf"
}

# Where none is asked for, one that nobody knows.
write_password() {
  [ -n "${POSTGRES_PASSWORD:-}" ] || POSTGRES_PASSWORD=$(head -c 32 /dev/urandom | base64)
  (umask 077 && printf '%s\n' "$POSTGRES_PASSWORD" >"$new.password")
}

create_database() {
  [ "$database" != postgres ] || return 0
  quoted=$(printf %s "$database" | sed 's/"/""/g')
  printf 'CREATE DATABASE "%s"\n' "$quoted" | postgres --single -D "$new" -c exit_on_error=on postgres
}

main "$@"
