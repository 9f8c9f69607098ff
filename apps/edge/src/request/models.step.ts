import type { Clock, NamedKey } from '@signalbox/common';
import {
  type ListedModel,
  modelBody,
  modelListBody,
  modelListOfCatalogue,
  parseModelList,
  visibleModels,
} from '@signalbox/gateway';
import type { Caller } from '../keys/key-directory';
import type { ProjectionStore } from '../keys/projection-store';
import type { LitellmConnection } from '../upstream/litellm-connection';
import { identityOf } from '../upstream/runner-state';
import { UpstreamExchange } from '../upstream/upstream-exchange';
import { sendJson } from './answer';
import { noChoice } from './candidates.step';
import type { EdgeRequest } from './edge-request';
import { litellmHeaders } from './litellm-headers';
import { Refusal } from './refusal';

/** Open WebUI asks at nearly every page load, and a list changes only with a release. */
const freshForMs = 5_000;
/** Clients show "no models" after 10 s, so an old list in time is worth more than a new one late. */
const answerTimeoutMs = 3_000;
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

/** GET /v1/models and /v1/models/{id}: LiteLLM's list, without what the key may not use. */
export class ModelsStep {
  private known: KnownList | null = null;
  private reading: Promise<void> | null = null;

  constructor(private readonly dependencies: ModelsDependencies) {}

  async run(edgeRequest: EdgeRequest, caller: Caller, id: string | null): Promise<void> {
    if (!this.isFresh() && this.isWorthAsking()) await this.read(caller, edgeRequest.id);
    const { models, source, litellmVersion } = this.bestList();
    const headers = {
      'x-signalbox-route': 'litellm',
      // litellm: asked just now; memory: the last list, LiteLLM does not answer; catalogue: LiteLLM has not been heard yet.
      'x-signalbox-models': source,
      ...(litellmVersion ? { 'x-litellm-version': litellmVersion } : {}),
    };
    const visible = visibleModels(models, [
      caller.key.models,
      caller.workspace?.models ?? ['no-default-models'],
    ]);
    if (id === null) return sendJson(edgeRequest, 200, headers, modelListBody(edgeRequest.dialect, visible));
    const model = visible.find((one) => one.id === id);
    if (!model) throw new Refusal('model_not_found', { param: 'model' });
    sendJson(edgeRequest, 200, headers, modelBody(edgeRequest.dialect, model));
  }

  private isFresh(): boolean {
    const active = this.dependencies.litellm.active();
    const { known } = this;
    return (
      known !== null &&
      active !== null &&
      known.identity === identityOf(active) &&
      this.dependencies.clock.nowMs() - known.readAtMs < freshForMs
    );
  }

  /** While LiteLLM is away the last list is shown at once; without one, waiting a moment is better than nothing. */
  private isWorthAsking(): boolean {
    return this.known === null || this.dependencies.litellm.active() !== null;
  }

  private bestList(): { models: ListedModel[]; source: string; litellmVersion: string } {
    if (this.known) return { ...this.known, source: this.isFresh() ? 'litellm' : 'memory' };
    const catalogue = this.dependencies.store.get('catalogue', 'current');
    if (!catalogue) throw new Refusal('litellm_unavailable');
    return { models: modelListOfCatalogue(catalogue), source: 'catalogue', litellmVersion: '' };
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
      return new UpstreamExchange(
        dispatcher,
        { method: 'GET', path, headers, body: null, answerTimeoutMs },
        () => null,
      );
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
