import type { Clock, Logger } from '@signalbox/common';
import {
  directUrl,
  type FallbackCaller,
  type FallbackCredential,
  fallbackCredentialsOf,
  type FallbackWay,
  type LlmRoute,
  openrouterUrl,
  type PayingCredential,
  planFallback,
  type UpstreamUrl,
} from '@signalbox/gateway';
import type { ProjectionStore } from '../keys/projection-store';
import type { Caller } from '../keys/key-directory';
import type { FallbackBroker } from './fallback-broker';
import { fallbackBody } from './fallback-body';
import {
  FallbackCredentials,
  type SnapshotCredential,
  type UsableKey,
  type WantedKey,
} from './fallback-credentials';
import { fallbackHeaders } from './fallback-headers';
import type { FallbackPools } from './fallback-pools';
import { FallbackPrefetch } from './fallback-prefetch';
import type { FallbackCall, FallbackQuestion, FallbackRoutes, FallbackTarget } from './fallback-routes';

export interface EdgeFallbackDependencies {
  store: ProjectionStore;
  broker: FallbackBroker;
  pools: FallbackPools;
  /** SIGNALBOX_OPENROUTER_URL */
  openrouterUrl: string;
  /** OPENROUTER_API_KEY of the edge's own environment. */
  openrouterApiKey: string | null;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  version: string;
  logger: Logger;
}

type Prepared = NonNullable<Awaited<ReturnType<FallbackTarget['prepare']>>>;

/** Around LiteLLM: plans the ways, and brings keys, addresses and bodies together for each call. */
export class EdgeFallbackRoutes implements FallbackRoutes {
  private readonly credentials: FallbackCredentials;
  private readonly prefetch: FallbackPrefetch;
  private readonly variables: ReadonlyMap<string, string>;

  constructor(private readonly dependencies: EdgeFallbackDependencies) {
    const { broker, store, clock, logger, random, openrouterApiKey } = dependencies;
    this.variables = new Map(openrouterApiKey === null ? [] : [['OPENROUTER_API_KEY', openrouterApiKey]]);
    this.credentials = new FallbackCredentials({ broker, store, clock, variables: this.variables });
    this.prefetch = new FallbackPrefetch({
      credentials: this.credentials,
      keysOf: (caller) => this.keysOf(caller),
      clock,
      logger,
      random,
    });
  }

  start(): void {
    this.prefetch.start();
  }

  targets({ caller, route, model, catalogue }: FallbackQuestion): Promise<readonly FallbackTarget[]> {
    const planned = this.callerOf(caller, catalogue);
    const ways = planned ? planFallback({ ...planned, model, route }) : [];
    return Promise.resolve(ways.map((way) => this.targetOf(way, model, caller)));
  }

  note(caller: Caller): void {
    this.prefetch.note(caller);
  }

  /** Secrets: to be sealed before they are written anywhere. */
  exportForSnapshot(): SnapshotCredential[] {
    return this.credentials.exportForSnapshot();
  }

  importFromSnapshot(credentials: readonly SnapshotCredential[]): void {
    this.credentials.importFromSnapshot(credentials);
  }

  async close(): Promise<void> {
    this.prefetch.stop();
    this.credentials.clear();
    await Promise.all([this.dependencies.broker.close(), this.dependencies.pools.destroy()]);
  }

  private callerOf(
    { key, workspace, organization, routing }: Caller,
    catalogue: FallbackCaller['catalogue'],
  ): FallbackCaller | null {
    if (!workspace || !organization) return null;
    const { store, clock, random } = this.dependencies;
    return {
      key,
      workspace,
      organization,
      routing,
      catalogue,
      random,
      documentOf: (ownerKey) => store.get('credentials', ownerKey),
      nowMs: clock.nowMs(),
      variables: new Set(this.variables.keys()),
    };
  }

  private keysOf(caller: Caller): Omit<WantedKey, 'keyHash'>[] | null {
    const catalogue = this.dependencies.store.get('catalogue', 'current');
    const planned = catalogue && this.callerOf(caller, catalogue);
    if (!planned) return null;
    return fallbackCredentialsOf(planned).map(({ id, ownerKey }) => ({ credentialId: id, ownerKey }));
  }

  private targetOf(way: FallbackWay, model: string, caller: Caller): FallbackTarget {
    const { via, upstreamModel, provider, providerId, deploymentId, credential } = way;
    const paying = ({ id, owner, hasOwnAddress }: FallbackCredential): PayingCredential =>
      hasOwnAddress ? { id, owner, hasOwnAddress } : { id, owner };
    return {
      via,
      model,
      upstreamModel,
      provider,
      providerId,
      deploymentId,
      credential: credential && paying(credential),
      prepare: async (call) => {
        try {
          return await this.prepare(way, caller, call);
        } catch (error) {
          // An address that leads nowhere, say; the next target may do.
          const { requestId } = call;
          const fields = { request_id: requestId, via, provider, credential_id: credential?.id ?? null };
          this.dependencies.logger.warn('a way around LiteLLM could not be taken', { ...fields, error });
          return null;
        }
      },
    };
  }

  private async prepare(way: FallbackWay, caller: Caller, call: FallbackCall): Promise<Prepared | null> {
    const key = way.credential && (await this.keyOf(way.credential, caller));
    if (way.credential && !key) return null;
    const url = this.urlOf(way, call.route, key?.baseUrl ?? null);
    const body = url && fallbackBody({ ...call, way, workspaceId: caller.key.workspace_id });
    if (!url || !body) return null;
    const { contentType, isStream } = call.body;
    const { version, pools } = this.dependencies;
    const headers = fallbackHeaders({
      ...call,
      way,
      contentType,
      isStream,
      secret: key?.secret ?? null,
      version,
    });
    const isTrusted = key?.baseUrl ? key.baseUrlIsTrusted : true;
    return {
      dispatcher: pools.to(url.origin, isTrusted),
      request: { method: 'POST', path: url.path, headers, body },
    };
  }

  private keyOf(
    { id, ownerKey, environmentVariable }: NonNullable<FallbackWay['credential']>,
    { keyHash }: Caller,
  ): Promise<UsableKey | null> {
    if (environmentVariable !== null)
      return Promise.resolve(this.credentials.ofVariable(environmentVariable));
    return this.credentials.find({ credentialId: id, ownerKey, keyHash });
  }

  /** The credential's own address goes before that of the deployment, as in the hook. */
  private urlOf(way: FallbackWay, route: LlmRoute, ofCredential: string | null): UpstreamUrl | null {
    const baseUrl = ofCredential ?? way.baseUrl;
    if (way.via === 'direct') return directUrl(way.provider, route, baseUrl);
    return openrouterUrl(route, baseUrl ?? this.dependencies.openrouterUrl);
  }
}
