# The workload image busybox: every applet of Debian's static busybox. 8 s.
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg DEBIAN="$IMAGE_DEBIAN" -t "$IMAGE" "$SANDBOX/images/busybox"
