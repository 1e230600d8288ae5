"""What is done again and again beside a test."""

import contextlib
import threading


@contextlib.contextmanager
def again_and_again(do, *, every, longer=0.0):
    """Have something done meanwhile, by a thread of its own.

    Args:
        do: what, a function without arguments.
        every: seconds before the first time.
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
