#!/bin/sh
# The password goes in through standard input: an argument or a file would show it.
# noeviction: BullMQ's queues must not lose keys. appendonly: jobs and usage events outlive a restart.
set -eu
exec valkey-server - <<CONFIGURATION
requirepass $VALKEY_PASSWORD
bind * -::*
dir /data
appendonly yes
maxmemory $VALKEY_MAXMEMORY
maxmemory-policy noeviction
CONFIGURATION
