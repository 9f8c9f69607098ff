import { type Clock, systemClock } from '@signalbox/common';
import { Agent, type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import { errorOfAnswer } from './error-of-answer';
import { type LitellmEndpoint, litellmEndpoints } from './litellm-endpoints';
import { isLitellmError, LitellmError } from './litellm-error';
import {
  generateAnswer,
  keyInfoAnswer,
  type KeySettings,
  keyListAnswer,
  type LitellmKey,
  litellmKey,
  type LitellmModel,
  type LitellmPage,
  type LitellmTeam,
  modelInfoAnswer,
  teamListAnswer,
  type TeamSettings,
} from './litellm-types';
import { type LitellmInstance, type RunnerAddress, RunnerState } from './runner-state';

export interface LitellmAdminClientOptions {
  runner: RunnerAddress;
  masterKey: string;
  timeoutMs?: number;
  maxConnections?: number;
  clock?: Clock;
}

type Query = Record<string, string | number | boolean>;
interface Call {
  query?: Query;
  body?: object;
}

/** LiteLLM answers at most this many per page; more is a 422. */
export const litellmPageSize = 100;
const defaultTimeoutMs = 5_000;

/** Typed calls of LiteLLM's management API, sent to whichever LiteLLM the runner names. */
export class LitellmAdminClient {
  private readonly dispatcher: Dispatcher;
  private readonly runnerState: RunnerState;
  private readonly timeoutMs: number;

  constructor(private readonly options: LitellmAdminClientOptions) {
    this.dispatcher = new Agent({ connections: options.maxConnections ?? 8, connectTimeout: 2_000 });
    this.runnerState = new RunnerState(options.runner, options.clock ?? systemClock, this.dispatcher);
    this.timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  }

  async close(): Promise<void> {
    await this.dispatcher.close();
  }

  /** @throws LitellmError (unreachable) when there is none just now */
  instance(): Promise<LitellmInstance> {
    return this.runnerState.instance();
  }

  async models(): Promise<LitellmModel[]> {
    return this.parse('modelInfo', modelInfoAnswer, await this.call('modelInfo', {})).data;
  }

  /**
   * A deleted key is still shown, from LiteLLM's archive and with `deleted_at` (LiteLLM 1.103.1, info_key_fn), though
   * it opens nothing and can be made again.
   * @returns null: there is no such key
   */
  async keyInfo(hash: string): Promise<LitellmKey | null> {
    const answer = await this.unlessMissing(this.call('keyInfo', { query: { key: hash } }));
    if (answer === null) return null;
    const { info } = this.parse('keyInfo', keyInfoAnswer, answer);
    if (info.deleted_at) return null;
    return this.parse('keyInfo', litellmKey, { ...info, token: hash });
  }

  /**
   * Ask keyInfo first: for a value that it has, LiteLLM answers 200 with an echo of the request and changes nothing.
   * @returns the value's hash
   */
  async keyGenerate(value: string, settings: KeySettings): Promise<string> {
    const answer = await this.call('keyGenerate', { body: { ...settings, key: value } });
    return this.parse('keyGenerate', generateAnswer, answer).token;
  }

  async keyUpdate(hash: string, settings: KeySettings): Promise<void> {
    await this.call('keyUpdate', { body: { ...settings, key: hash } });
  }

  /** A key that is gone already counts as deleted. */
  async keyDelete(hashes: string[]): Promise<void> {
    await this.unlessMissing(this.call('keyDelete', { body: { keys: hashes } }));
  }

  /** Sorted by what is unique: by LiteLLM's own order, rows of the same age trade places between two pages. */
  async keyList(page: number): Promise<LitellmPage<LitellmKey>> {
    const query = {
      page,
      size: litellmPageSize,
      return_full_object: true,
      sort_by: 'token',
      sort_order: 'asc',
    };
    const answer = this.parse('keyList', keyListAnswer, await this.call('keyList', { query }));
    return { items: answer.keys, totalCount: answer.total_count, totalPages: answer.total_pages };
  }

  async keyCount(): Promise<number> {
    const answer = await this.call('keyList', { query: { page: 1, size: 1, return_full_object: true } });
    return this.parse('keyList', keyListAnswer, answer).total_count;
  }

  /** @returns null: there is no such team */
  async team(teamId: string): Promise<LitellmTeam | null> {
    const answer = await this.call('teamList', { query: { team_id: teamId, page: 1, page_size: 10 } });
    const { teams } = this.parse('teamList', teamListAnswer, answer);
    return teams.find((team) => team.team_id === teamId) ?? null;
  }

  async teamNew(teamId: string, settings: TeamSettings): Promise<void> {
    await this.call('teamNew', { body: { ...settings, team_id: teamId } });
  }

  async teamUpdate(teamId: string, settings: TeamSettings): Promise<void> {
    await this.call('teamUpdate', { body: { ...settings, team_id: teamId } });
  }

  /** LiteLLM deletes the team's keys with it. A team that is gone already counts as deleted. */
  async teamDelete(teamId: string): Promise<void> {
    await this.unlessMissing(this.call('teamDelete', { body: { team_ids: [teamId] } }));
  }

  async teamList(page: number): Promise<LitellmPage<LitellmTeam>> {
    const query = { page, page_size: litellmPageSize, sort_by: 'team_id', sort_order: 'asc' };
    const answer = this.parse('teamList', teamListAnswer, await this.call('teamList', { query }));
    return { items: answer.teams, totalCount: answer.total, totalPages: answer.total_pages };
  }

  async teamCount(): Promise<number> {
    const answer = await this.call('teamList', { query: { page: 1, page_size: 1 } });
    return this.parse('teamList', teamListAnswer, answer).total;
  }

  private async unlessMissing(answer: Promise<unknown>): Promise<unknown> {
    try {
      return await answer;
    } catch (error) {
      if (isLitellmError(error, 'not_found')) return null;
      throw error;
    }
  }

  private parse<Output>(endpoint: LitellmEndpoint, schema: z.ZodType<Output>, answer: unknown): Output {
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    const fields = result.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new LitellmError('failed', endpoint, 200, `an answer with unexpected fields (${fields})`);
  }

  private async call(endpoint: LitellmEndpoint, call: Call): Promise<unknown> {
    const instance = await this.runnerState.instance();
    if (!instance.hasDatabase && endpoint !== 'modelInfo') {
      throw new LitellmError('unreachable', endpoint, null, 'LiteLLM runs without its database just now');
    }
    const { status, text } = await this.send(endpoint, instance.baseUrl, call);
    const body = parseJson(text);
    if (status >= 200 && status < 300) return body;
    throw errorOfAnswer(endpoint, status, body);
  }

  private async send(
    endpoint: LitellmEndpoint,
    baseUrl: string,
    { query, body }: Call,
  ): Promise<{ status: number; text: string }> {
    const { method, path } = litellmEndpoints[endpoint];
    try {
      const answer = await request(`${baseUrl}${path}`, {
        method,
        ...(query ? { query } : {}),
        ...(body ? { body: JSON.stringify(body) } : {}),
        headers: {
          authorization: `Bearer ${this.options.masterKey}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        dispatcher: this.dispatcher,
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (error) {
      this.runnerState.forget();
      throw new LitellmError('unreachable', endpoint, null, transportReason(error));
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Only the kind of failure: texts of undici may carry URLs. */
function transportReason(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  return name === 'TimeoutError'
    ? 'no answer in time'
    : `the connection failed (${code ?? name ?? 'unknown'})`;
}
