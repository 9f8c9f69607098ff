import type { Clock } from '@signalbox/common';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { askSource, parseJsonAnswer } from '../sources/source-answer';
import { CatalogueSourceError } from '../sources/source-error';

export interface PriceMapClientOptions {
  /** The runner, and its token. */
  readonly url: string;
  readonly internalToken: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

export interface PriceMap {
  /** Of the LiteLLM that is installed, and of the file in it. */
  readonly version: string;
  readonly sha256: string;
  readonly entries: Readonly<Record<string, unknown>>;
}

const source = "LiteLLM's price map";
const defaultTimeoutMs = 30_000;
const maxResponseBytes = 16 * 1024 * 1024;
const maxUnpackedBytes = 64 * 1024 * 1024;
const gzipMagic = Buffer.from([0x1f, 0x8b]);
/** LiteLLM itself takes a map of fewer entries for a broken one. */
const fewestEntries = 50;

const form = z.object({
  version: z.string().min(1).max(64),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  entries: z.record(z.string(), z.unknown()),
});

/** The prices that come with the LiteLLM which is installed: the runner reads the file, since nobody else has it. */
export class LitellmPriceMapClient {
  constructor(private readonly options: PriceMapClientOptions) {}

  async fetch(signal: AbortSignal): Promise<PriceMap> {
    const { url, internalToken, clock, timeoutMs = defaultTimeoutMs } = this.options;
    const headers = { authorization: `Bearer ${internalToken}`, 'accept-encoding': 'gzip' };
    const init = { headers, signal, timeoutMs, maxResponseBytes };
    const answer = await askSource(source, new URL('/litellm/prices', url), init, clock);
    if (answer.status !== 200) {
      throw new CatalogueSourceError(`${source}: the runner answered ${answer.status}.`, answer.retryAfterMs);
    }
    const parsed = form.safeParse(parseJsonAnswer(source, unpacked(answer.body)));
    if (!parsed.success) throw new CatalogueSourceError(`${source} has another form than is known.`);
    const count = Object.keys(parsed.data.entries).length;
    if (count < fewestEntries) throw new CatalogueSourceError(`${source} has only ${count} entries.`);
    return parsed.data;
  }
}

function unpacked(body: Buffer): Buffer {
  if (!body.subarray(0, 2).equals(gzipMagic)) return body;
  try {
    return gunzipSync(body, { maxOutputLength: maxUnpackedBytes });
  } catch {
    throw new CatalogueSourceError(`${source} could not be unpacked.`);
  }
}
