"""A function that a thread calls again and again while a test runs."""

import contextlib
import threading


@contextlib.contextmanager
def again_and_again(do, *, every, longer=0.0):
    """Call a function again and again in another thread; use it as a context manager.

    Args:
        do: the function.
        every: seconds before the first call.
        longer: seconds by which each pause is longer than the one before.
    """
    over = threading.Event()

    def work():
        pause = every
        while not over.wait(pause):
            do()
            pause += longer

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
