# kube-proxy's image. 2 s.
# The build is given a folder of its own, for the engine copies all of a build's folder. Modes are
# set there: a chmod in the image would keep the binary in two layers.
cp "$SANDBOX"/images/kube-proxy/* "$OUT/"
cp "$IN_KUBERNETES/bin/kube-proxy" "$OUT/binary"
chmod 755 "$OUT/binary" "$OUT/kube-proxy.sh"
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg IPTABLES="$IMAGE_IPTABLES" -t "$IMAGE" "$OUT"
rm -rf "${OUT:?}"/*
