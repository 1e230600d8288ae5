"""A Hypothesis strategy for the names of files."""

import os

from hypothesis import strategies as st

# any bytes but NUL and slash
FILE_NAMES = (
    st.binary(min_size=1, max_size=80)
    .map(lambda raw: raw.translate(bytes.maketrans(b"\0/", b"_.")))
    .filter(lambda raw: raw not in (b".", b".."))
    .map(os.fsdecode)
)
