# The layer every Debian image here shares, the node's too: a minimal bookworm.
# 36 s, nearly all of it waiting for the mirror.
root=$OUT/rootfs
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}

# What no image needs: package archives, apt's lists, logs, manuals and translations. Left out here
# once and for every package to come, because a layer that deletes what is below it leaves whiteouts,
# and those cannot be unpacked into a node image.
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
  "$root"/usr/share/{doc,man,info,locale}/*
printf 'path-exclude=/usr/share/%s/*\n' doc man info locale > "$root/etc/dpkg/dpkg.cfg.d/no-manuals"
cat > "$root/etc/apt/apt.conf.d/only-what-is-asked" <<'APT'
APT::Install-Recommends "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb";};
APT
echo debconf debconf/frontend select Noninteractive | chroot "$root" debconf-set-selections

tar -C "$root" -c . | "$ENGINE" import --change 'CMD ["bash"]' - "$IMAGE"
rm -rf "$root"
