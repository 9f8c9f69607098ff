import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from './user-error.mjs';

const megabyte = 1024 * 1024;

/** The folder itself or the nearest one above it that exists. */
function nearestExisting(folder) {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

/**
 * `needs` is a list of { folder, megabytes, what }. What lies on one file system is added up.
 * The installers would fail only after minutes, and with a message about something else.
 */
export function checkDiskSpace(
  needs,
  { freeMegabytes = freeMegabytesAt, deviceOf = (path) => statSync(path).dev } = {},
) {
  const byDevice = new Map();
  for (const need of needs) {
    const path = nearestExisting(need.folder);
    const entry = byDevice.get(deviceOf(path)) ?? { path, needs: [] };
    entry.needs.push(need);
    byDevice.set(deviceOf(path), entry);
  }
  for (const entry of byDevice.values()) {
    const needed = entry.needs.reduce((sum, need) => sum + need.megabytes, 0);
    const free = freeMegabytes(entry.path);
    if (free >= needed) continue;
    throw new UserError(
      `Not enough disk space at ${entry.path}: ${gigabytes(free)} are free, about ${gigabytes(needed)} are needed (${entry.needs.map(({ what }) => what).join(', ')}). Free some space, or choose other folders with SIGNALBOX_DATA_DIR and SIGNALBOX_CACHE_DIR.`,
    );
  }
}

function gigabytes(megabytes) {
  return `${(megabytes / 1024).toFixed(1)} GB`;
}

function freeMegabytesAt(path) {
  const { bavail, bsize } = statfsSync(path);
  return (bavail * bsize) / megabyte;
}
