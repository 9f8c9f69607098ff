import unittest

from runner.log_tail import MAX_CHARS, pick_lines

OUTPUT = """
   ██╗     ██╗████████╗
09:00:00 - LiteLLM Proxy:WARNING: login_throttle.py:123 - trusted_proxy_ranges is not set
\x1b[32m    demo\x1b[0m
ERROR:    Traceback (most recent call last):
INFO:     Waiting for application startup.
Traceback (most recent call last):
  File "/venv/litellm/proxy/types_utils/utils.py", line 55, in get_instance_fn
    instance = getattr(module, instance_name)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
AttributeError: module 'hook' has no attribute 'nope'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/venv/starlette/routing.py", line 1, in lifespan
AttributeError: module 'hook' has no attribute 'nope'
\x1b[1;31mERROR:    Application startup failed. Exiting.\x1b[0m
"""


class LogTailTest(unittest.TestCase):
    def test_picks_the_exception_and_not_its_frames(self) -> None:
        expected = "AttributeError: module 'hook' has no attribute 'nope' | ERROR:    Application startup failed. Exiting."
        self.assertEqual(pick_lines(OUTPUT), expected)

    def test_is_short_whatever_comes(self) -> None:
        self.assertLessEqual(len(pick_lines("x" * 100_000)), MAX_CHARS)
        self.assertEqual(pick_lines(""), "")


if __name__ == "__main__":
    unittest.main()
