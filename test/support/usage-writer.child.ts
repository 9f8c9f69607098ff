import { createLogger } from '@signalbox/common';
import { Redis } from 'ioredis';
import { StateLease } from '../../apps/edge/src/state/state-lease';
import { openUsageSpool } from '../../apps/edge/src/usage/open-usage-spool';
import { usageEventOf } from './usage-world';

/** Records events until it is killed, and names each one that must not be lost any more: it was recorded 200 ms ago. */
const [, , dir = '', id = '', redisUrl = '', redisPrefix = ''] = process.argv;
const redis = new Redis(redisUrl, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
redis.on('error', () => undefined);
const logger = createLogger('error', {});
const lease = new StateLease(dir, id);
const metrics = { usageSpooled: () => undefined, usageLost: () => undefined };
const spool = openUsageSpool({ redis, redisPrefix, lease, metrics, logger });
spool.start();
let count = 0;
setInterval(() => {
  for (let index = 0; index < 50; index += 1) {
    count += 1;
    const requestId = `${id}-${count}`;
    spool.record(usageEventOf(requestId));
    setTimeout(() => process.stdout.write(`${requestId}\n`), 200);
  }
}, 5);
