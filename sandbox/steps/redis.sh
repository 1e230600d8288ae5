# The workload image redis, from Debian's package. 6 s, mostly waiting for the mirror.
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg DEBIAN="$IMAGE_DEBIAN" -t "$IMAGE" "$SANDBOX/images/redis"
