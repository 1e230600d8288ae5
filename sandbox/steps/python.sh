# Python for suites that run inside the cluster: Debian's, and the packages that the plugin needs,
# fetched on the host, whose pip knows where from; their hashes are in the list. 40 s.
machine=$(uname -m)
"$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
  --only-binary=:all: --implementation cp --python-version 3.11 \
  --platform "manylinux2014_$machine" --platform "manylinux_2_28_$machine" \
  --target "$OUT/site" --requirement "$SANDBOX/images/python/requirements.txt"
cp "$SANDBOX/images/python/Dockerfile" "$OUT"
DOCKER_BUILDKIT=0 "$ENGINE" build --network host \
  --build-arg DEBIAN="$IMAGE_DEBIAN" -t "$IMAGE" "$OUT"
rm -rf "$OUT/site" "$OUT/Dockerfile"
