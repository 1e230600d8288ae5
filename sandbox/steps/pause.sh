# The program every Pod's sandbox container runs. Under 1 s.
gcc -Os -static -s -o "$OUT/pause" "$SANDBOX/images/pause/pause.c"
