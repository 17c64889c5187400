# debian.sh ROOT: Debian trixie, the smallest that apt can build on, without documentation and translations.
root=$1
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

debootstrap --variant=minbase trixie "$root" "$mirror"

unneeded='/usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian'
for folder in $unneeded; do echo "path-exclude=$folder/*"; done >"$root/etc/dpkg/dpkg.cfg.d/no-documentation"
# Licences stay.
echo 'path-include=/usr/share/doc/*/copyright' >>"$root/etc/dpkg/dpkg.cfg.d/no-documentation"
for folder in $unneeded; do find "$root$folder" -mindepth 1 ! -type d ! -name copyright -delete; done

# No package starts a service while it is installed.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

chroot "$root" apt-get clean
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root"/var/cache/debconf/*-old
