import type { Logger } from '@signalbox/common';
import { Pool } from 'undici';
import { z } from 'zod';

/** A provider key, as the broker gave it. */
export interface Lease {
  readonly ownerKey: string;
  readonly fingerprint: string;
  /** null: it is a variable of the environment. */
  readonly secret: string | null;
  readonly environmentVariable: string | null;
  readonly baseUrl: string | null;
  readonly baseUrlIsTrusted: boolean;
  readonly freshForMs: number;
  readonly usableForMs: number;
}

export interface LeaseQuestion {
  readonly credentialId: string;
  readonly keyHash: string;
}

/** 'refused': the broker's own word. 'away': nobody can say just now, as when the secret store is away. */
export type LeaseAnswer = Lease | 'refused' | 'away';

export interface FallbackBroker {
  /** In the order of the questions, at most 200; null: the broker itself is away. Never rejects. */
  ask(questions: readonly LeaseQuestion[], timeoutMs: number): Promise<readonly LeaseAnswer[] | null>;
  close(): Promise<void>;
}

export const questionLimit = 200;

const connectTimeoutMs = 1_000;
const answerBytesLimit = 8 * 1024 * 1024;
/** A wrong token stays wrong until somebody does something about it. */
const complainEveryMs = 60_000;

const leaseBody = z.object({
  owner_key: z.string().min(1),
  fingerprint: z.string(),
  secret: z.string().min(1).nullable(),
  environment_variable: z.string().nullish(),
  base_url: z.string().nullable(),
  base_url_is_trusted: z.boolean(),
  fresh_for_ms: z.number(),
  usable_for_ms: z.number(),
});
const batchBody = z.object({
  leases: z.array(z.looseObject({ credential_id: z.string(), status: z.int(), code: z.string().optional() })),
});
type Entry = z.infer<typeof batchBody>['leases'][number];

const refusals = new Map([
  [403, 'credential_unusable'],
  [404, 'credential_not_found'],
]);

function readEntry(entry: Entry | undefined, { credentialId }: LeaseQuestion): LeaseAnswer {
  if (entry?.credential_id !== credentialId) return 'away';
  if (entry.code !== undefined && refusals.get(entry.status) === entry.code) return 'refused';
  const lease = entry.status === 200 ? leaseBody.safeParse(entry) : null;
  if (!lease?.success) return 'away';
  const { data } = lease;
  return {
    ownerKey: data.owner_key,
    fingerprint: data.fingerprint,
    secret: data.secret,
    environmentVariable: data.environment_variable ?? null,
    baseUrl: data.base_url,
    baseUrlIsTrusted: data.base_url_is_trusted,
    freshForMs: data.fresh_for_ms,
    usableForMs: data.usable_for_ms,
  };
}

/** Asks the API's broker for provider keys, of which none ever stands in a log or an error. */
export class HttpFallbackBroker implements FallbackBroker {
  private readonly pool: Pool;
  private readonly path: string;
  private complainedAt = -Infinity;

  constructor(
    brokerUrl: string,
    private readonly token: string,
    private readonly logger: Logger,
  ) {
    const { origin, pathname } = new URL(brokerUrl);
    this.path = `${pathname.replace(/\/$/, '')}/v1/fallback-leases`;
    this.pool = new Pool(origin, {
      connect: { timeout: connectTimeoutMs },
      // The broker closes idle connections after 75 s.
      keepAliveTimeout: 30_000,
    });
  }

  async ask(questions: readonly LeaseQuestion[], timeoutMs: number): Promise<readonly LeaseAnswer[] | null> {
    try {
      const entries = await this.post(questions, timeoutMs);
      return questions.map((question, index) => readEntry(entries[index], question));
    } catch {
      // What failed is of no matter, and its message could repeat something of the answer.
      return null;
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async post(questions: readonly LeaseQuestion[], timeoutMs: number): Promise<readonly Entry[]> {
    const leases = questions.map(({ credentialId, keyHash }) => ({
      credential_id: credentialId,
      key_hash: keyHash,
    }));
    const { statusCode, body } = await this.pool.request({
      method: 'POST',
      path: this.path,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ leases }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > answerBytesLimit) throw new Error('the answer is too long');
      chunks.push(chunk);
    }
    if (statusCode === 400 || statusCode === 401) this.complain(statusCode);
    if (statusCode !== 200) throw new Error('no answer');
    return batchBody.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))).leases;
  }

  private complain(status: number): void {
    if (performance.now() - this.complainedAt < complainEveryMs) return;
    this.complainedAt = performance.now();
    const hint = 'compare SIGNALBOX_FALLBACK_TOKEN of the edge and of the API';
    this.logger.error('the broker refuses this edge: without provider keys it cannot go around LiteLLM', {
      status,
      hint,
    });
  }
}
