import type { Clock, NamedKey } from '@signalbox/common';
import {
  type ListedModel,
  modelBody,
  modelListBody,
  parseModelList,
  routingNames,
  servedModels,
  visibleModels,
} from '@signalbox/gateway';
import type { Caller } from '../keys/key-directory';
import type { ProjectionStore } from '../keys/projection-store';
import type { LitellmConnection } from '../upstream/litellm-connection';
import { identityOf } from '../upstream/runner-state';
import { UpstreamExchange } from '../upstream/upstream-exchange';
import { sendJson } from './answer';
import type { EdgeRequest } from './edge-request';
import { litellmHeaders, noChoice } from './litellm-headers';
import { Refusal } from './refusal';

/** Open WebUI asks at nearly every page load, and a list changes only with a release. */
const freshForMs = 5_000;
const answerTimeoutMs = 3_000;
/** Only where nothing is known yet, or another LiteLLM is in place: clients show "no models" after 10 s. */
const waitLimitMs = 1_000;
const path = '/v1/models';

interface KnownList {
  models: ListedModel[];
  litellmVersion: string;
  identity: string;
  readAtMs: number;
}

export interface ModelsDependencies {
  litellm: LitellmConnection;
  store: ProjectionStore;
  signingKeys: readonly NamedKey[];
  clock: Clock;
}

/**
 * GET /v1/models and /v1/models/{id}: what the key may use, from memory. LiteLLM's list is read beside it; that LiteLLM or a
 * provider is down is no reason to show less than the catalogue, let alone an error.
 */
export class ModelsStep {
  private known: KnownList | null = null;
  private reading: Promise<void> | null = null;
  private tried = { identity: '', atMs: -Infinity };

  constructor(private readonly dependencies: ModelsDependencies) {}

  async run(edgeRequest: EdgeRequest, caller: Caller, id: string | null): Promise<void> {
    await this.refresh(caller, edgeRequest.id);
    const catalogue = this.dependencies.store.get('catalogue', 'current');
    const { routing } = caller;
    const lists = [caller.key.models, caller.workspace?.models ?? ['no-default-models']];
    const visible = visibleModels({
      served: servedModels(this.known?.models ?? null, catalogue),
      catalogue,
      lists,
      aliases: routing.aliases,
      routingNames: routingNames(routing, catalogue, lists),
    });
    const headers = this.headers();
    if (id === null) return sendJson(edgeRequest, 200, headers, modelListBody(edgeRequest.dialect, visible));
    const model = visible.find((one) => one.id === id);
    if (!model) throw new Refusal('model_not_found', { param: 'model' });
    sendJson(edgeRequest, 200, headers, modelBody(edgeRequest.dialect, model));
  }

  /** x-signalbox-models: litellm: of the one that is active; memory: it is away or another; catalogue: none was heard yet. */
  private headers(): Record<string, string> {
    const { known } = this;
    if (!known) return { 'x-signalbox-models': 'catalogue' };
    return {
      'x-signalbox-models': this.isOfActive(known) ? 'litellm' : 'memory',
      ...(known.litellmVersion && { 'x-litellm-version': known.litellmVersion }),
    };
  }

  private isOfActive({ identity }: KnownList): boolean {
    const { litellm } = this.dependencies;
    const active = litellm.active();
    return active !== null && !litellm.isDown() && identity === identityOf(active);
  }

  /** In the background where there is a list of this LiteLLM; else it is waited for, but not again soon after it gave none. */
  private async refresh(caller: Caller, requestId: string): Promise<void> {
    const { litellm, clock } = this.dependencies;
    if (litellm.isDown()) return;
    const active = litellm.active();
    const identity = active ? identityOf(active) : '';
    const wasTriedLately = this.tried.identity === identity && clock.nowMs() - this.tried.atMs < freshForMs;
    if (!wasTriedLately) {
      this.tried = { identity, atMs: clock.nowMs() };
      void this.read(caller, requestId);
    }
    if (this.reading && !(this.known && this.isOfActive(this.known))) await this.waitFor(this.reading);
  }

  private async waitFor(reading: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitLimitMs);
    });
    await Promise.race([reading, limit]);
    clearTimeout(timer);
  }

  /** The list is the same for every key, so requests that ask together share one reading. Never throws. */
  private read(caller: Caller, requestId: string): Promise<void> {
    this.reading ??= this.ask(caller, requestId)
      .catch(() => undefined)
      .finally(() => {
        this.reading = null;
      });
    return this.reading;
  }

  private async ask(caller: Caller, requestId: string): Promise<void> {
    const { litellm, signingKeys, clock } = this.dependencies;
    const active = litellm.active();
    const outcome = await litellm.ask((dispatcher) => {
      const call = { requestId, method: 'GET', path, model: null, caller, choice: noChoice } as const;
      const headers = litellmHeaders(call, {}, null, signingKeys, clock.nowMs());
      return new UpstreamExchange(dispatcher, { method: 'GET', path, headers, body: null, answerTimeoutMs });
    });
    const models =
      outcome.kind === 'kept' && outcome.status === 200
        ? parseModelList(outcome.body.toString('utf8'))
        : null;
    if (!models || outcome.kind !== 'kept') return;
    // Read during a switch the list may be of either LiteLLM: it then counts as that of the one before, and is read again.
    const identity = active ? identityOf(active) : '';
    const version = outcome.headers['x-litellm-version'];
    const litellmVersion = typeof version === 'string' ? version : '';
    this.known = { models, litellmVersion, identity, readAtMs: clock.nowMs() };
  }
}
