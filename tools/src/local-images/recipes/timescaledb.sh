# timescaledb.sh ROOT: PostgreSQL 17 with Debian's TimescaleDB, the Apache edition, and the entrypoint.
root=$1
here=$(dirname "$0")
. "$here/install-packages.sh"

# The entrypoint makes the cluster, where PGDATA says.
mkdir -p "$root/etc/postgresql-common"
echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
# Names of time zones such as US/Pacific are a package of their own in Debian.
install_packages "$root" postgresql-17 postgresql-17-timescaledb tzdata-legacy

# LLVM, a third of it all, serves only to compile long queries to machine code; PostgreSQL does without.
lib=$root/usr/lib/postgresql/17/lib
rm -rf "$lib"/bitcode "$lib"/llvmjit*
find "$root/usr/lib" \( -name 'libLLVM*' -o -name 'libz3*' \) -delete

install -m 755 "$here/database-entrypoint.sh" "$root/usr/local/bin/database-entrypoint"
# A new volume takes owner and rights from here, and what is mounted for sockets the rights, with root as its owner.
chroot "$root" install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data
chroot "$root" install -d -o postgres -g postgres -m 3777 /run/postgresql
