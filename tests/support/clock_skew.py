"""A pytest plugin by which Python reads a wrong time of day; the clock of the machine stays.

Deadlines read the monotonic clock, which stays as well.
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
