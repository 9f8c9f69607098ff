"""python healthcheck.py URL: exit code 0 if the URL answers with a status below 400."""

import sys
import urllib.request

try:
    urllib.request.urlopen(sys.argv[1], timeout=2.5).close()
except OSError:
    sys.exit(1)
