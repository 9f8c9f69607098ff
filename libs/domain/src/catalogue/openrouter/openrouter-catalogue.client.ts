import type { Clock } from '@signalbox/common';
import { z } from 'zod';
import { askSource, parseJsonAnswer } from '../sources/source-answer';
import { CatalogueSourceError } from '../sources/source-error';

export interface OpenrouterClientOptions {
  /** Such as https://openrouter.ai/api/v1. */
  readonly url: string;
  readonly clock: Clock;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly timeoutMs?: number;
}

export interface ModelPage {
  readonly models: readonly unknown[];
  /** null: it does not say. */
  readonly totalCount: number | null;
}

const source = 'OpenRouter';
const defaultTimeoutMs = 30_000;
/** The whole list has about 2 MiB. */
const maxResponseBytes = 32 * 1024 * 1024;
const attempts = 3;
/** What is waited for at once. Whoever asks for more gets it between two rounds of the sync. */
const patienceMs = 20_000;
const firstPauseMs = 500;

const page = z.object({ data: z.array(z.unknown()), total_count: z.int().min(0).nullish() });
const failure = z.object({ error: z.object({ code: z.union([z.number(), z.string()]).nullish() }) });
const worthAnother = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** OpenRouter's public catalogue: no key goes there. */
export class OpenrouterCatalogueClient {
  constructor(private readonly options: OpenrouterClientOptions) {}

  /** Without `output_modalities=all` there are no embedding, image and audio models. */
  async models(offset: number, limit: number, signal: AbortSignal): Promise<ModelPage> {
    const query = new URLSearchParams({
      output_modalities: 'all',
      offset: String(offset),
      limit: String(limit),
    });
    const answer = page.safeParse(await this.get(`/models?${query.toString()}`, signal));
    if (!answer.success)
      throw new CatalogueSourceError(`${source} answered with another form than a list of models.`);
    return { models: answer.data.data, totalCount: answer.data.total_count ?? null };
  }

  /** @returns null when OpenRouter has no such model */
  async endpoints(modelId: string, signal: AbortSignal): Promise<unknown> {
    const path = modelId.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':');
    return this.get(`/models/${path}/endpoints`, signal, { mayBeMissing: true });
  }

  private async get(path: string, signal: AbortSignal, { mayBeMissing = false } = {}): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.getOnce(path, signal, mayBeMissing);
      } catch (error) {
        if (!(error instanceof CatalogueSourceError) || !error.isTransient) throw error;
        if (attempt === attempts || signal.aborted) throw error;
        const pauseMs = error.retryAfterMs ?? firstPauseMs * 2 ** (attempt - 1);
        if (pauseMs > patienceMs) throw error;
        await this.options.pause(pauseMs, signal);
      }
    }
  }

  private async getOnce(path: string, signal: AbortSignal, mayBeMissing: boolean): Promise<unknown> {
    const { url, clock, timeoutMs = defaultTimeoutMs } = this.options;
    const init = { headers: { accept: 'application/json' }, signal, timeoutMs, maxResponseBytes };
    const answer = await askSource(source, new URL(url.replace(/\/$/, '') + path), init, clock);
    if (mayBeMissing && answer.status === 404) return null;
    if (answer.status !== 200) throw refusal(answer.status, answer.retryAfterMs);
    const body = parseJsonAnswer(source, answer.body);
    // A 200 may be an error all the same: OpenRouter sends its head before it knows.
    const failed = failure.safeParse(body);
    if (failed.success) throw refusal(Number(failed.data.error.code ?? 0) || 502, answer.retryAfterMs);
    return body;
  }
}

function refusal(status: number, retryAfterMs: number | null): CatalogueSourceError {
  return new CatalogueSourceError(`${source} answered ${status}.`, retryAfterMs, worthAnother(status));
}
