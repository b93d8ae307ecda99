"""The sign-in station: reader, camera, journal and screen of one desk. Imports no Django."""

import os

# Before numpy is first imported. With more threads `encoder.py` is no faster, and on a machine that is busy
# (a browser shows the screen) ten times slower: each multiplication waits for the thread that got no core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
