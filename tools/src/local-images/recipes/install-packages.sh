# install_packages ROOT PACKAGE...: installs Debian packages into a root folder, and leaves nothing of apt's behind.
install_packages() {
  local root=$1
  shift
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
  chroot "$root" apt-get update
  # The folder is thrown away when this is interrupted, so that dpkg need not wait for the disk.
  chroot "$root" apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@"
  chroot "$root" apt-get clean
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root"/var/log/apt "$root"/var/cache/debconf/*-old
}
