"""A plugin that sets the clock wrong, as far as Python asks it; no clock of the machine is touched.

Deadlines have nothing to do with it: they ask the monotonic clock.
"""

import datetime
import os
import time

_OFF = float(os.environ["SKEWED_SECONDS"])
_time, _datetime = time.time, datetime.datetime


class _Skewed(_datetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) + datetime.timedelta(seconds=_OFF)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)


time.time = lambda: _time() + _OFF
datetime.datetime = _Skewed
