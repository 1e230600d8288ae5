# What the node image stands on: Debian with systemd and kind's packages. 13 s, mostly waiting for the mirror.
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg DEBIAN="$IMAGE_DEBIAN" -t "$IMAGE" "$SANDBOX/images/node-base"
