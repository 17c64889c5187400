# node.sh ROOT NODE NPM_VERSION CERTIFICATES: what a service is built in: Node, a binary of this machine's platform, and npm.
root=$1 node=$2 npm_version=$3 certificates=$4
. "$(dirname "$0")/install-packages.sh"

install_packages "$root" libatomic1
install -m 755 "$node" "$root/usr/local/bin/node"

modules=$root/usr/local/lib/node_modules
mkdir -p "$modules/npm"
tarball=$(cd "$root/tmp" && npm pack --silent "npm@$npm_version")
tar -xzf "$root/tmp/$tarball" -C "$modules/npm" --strip-components=1
rm "$root/tmp/$tarball"
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done

# A machine that reaches its registries through a proxy trusts more than Node does.
mkdir -p "$root/etc/ssl/certs"
install -m 644 "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
