#!/bin/bash
# make-root.sh TARGET RECIPE [PARENT [ARGUMENT...]]: makes the folder TARGET with a recipe, whole or not at all.
# PARENT is a root folder to begin with a copy of; "" begins with nothing. The caller holds the lock of the cache.
set -euo pipefail
target=$1 recipe=$2 parent=${3:-}
shift $(($# < 3 ? $# : 3))

# In a mount namespace of its own, what debootstrap mounts is gone with it, even when it is killed.
if [ -z "${TIDEMARK_OWN_MOUNTS:-}" ] && unshare --mount true 2>/dev/null; then
  TIDEMARK_OWN_MOUNTS=1 exec unshare --mount "$0" "$target" "$recipe" "$parent" "$@"
fi

# Made by another process while this one waited for the lock.
[ -d "$target" ] && exit 0
making=$target.making
rm -rf --one-file-system -- "$making"
if [ -n "$parent" ]; then cp -a -- "$parent" "$making"; else mkdir -m 755 -- "$making"; fi
bash -euo pipefail "$recipe" "$making" "$@"
mv -T -- "$making" "$target"
