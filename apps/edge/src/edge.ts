import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type Logger, newId, systemClock } from '@signalbox/common';
import { type EdgeConfig, readProductVersion } from '@signalbox/config';
import type { ResolveHost } from '@signalbox/egress';
import { EgressRelay } from './egress/egress-relay';
import { BreakerBoard } from './breakers/breaker-board';
import type { Breakers } from './breakers/breakers';
import { SharedBreakers } from './breakers/shared-breakers';
import type { EdgeFallbackRoutes } from './fallback/edge-fallback-routes';
import type { FallbackRoutes } from './fallback/fallback-routes';
import { openFallbackRoutes } from './fallback/open-fallback-routes';
import { CredentialDirectory } from './keys/credential-directory';
import { KeyDirectory } from './keys/key-directory';
import { KeyReceipts } from './keys/key-receipts';
import { LastContact } from './keys/last-contact';
import { offlineHealth } from './keys/offline-health';
import { ProjectionFeed } from './keys/projection-feed';
import { ProjectionReader } from './keys/projection-reader';
import { ProjectionStore } from './keys/projection-store';
import { EdgeLimiter } from './limits/edge-limiter';
import type { Limiter } from './limits/limiter';
import { UnknownKeyGuard } from './limits/unknown-key-guard';
import { OpenAnswers } from './metrics/open-answers';
import { PrometheusMetrics } from './metrics/prometheus-metrics';
import { AttemptStep } from './request/attempt.step';
import { CandidatesStep } from './request/candidates.step';
import { PerformanceExchange } from './performance/performance-exchange';
import { ModelsStep } from './request/models.step';
import { RequestPath } from './request/request-path';
import { AttemptSender } from './routing/attempt-sender';
import { Classifier } from './routing/classifier';
import { ClientAddresses } from './server/client-address';
import { ConnectionLimits } from './server/connection-limits';
import { Cors } from './server/cors';
import { answerHealth, type HealthSources, type Readiness, readiness } from './server/health';
import { Heartbeat } from './server/heartbeat';
import { HttpServer } from './server/http-server';
import { connectRedis, disconnectRedis, type RedisConnections } from './server/redis-connections';
import { LitellmConnection } from './upstream/litellm-connection';
import { LitellmHealth } from './upstream/litellm-health';
import { probeLiveliness } from './upstream/litellm-health.probe';
import { RunnerWatcher } from './upstream/runner-watcher';
import { UpstreamPools } from './upstream/upstream-pools';
import { EdgeSnapshot } from './snapshot/edge-snapshot';
import { StateLease } from './state/state-lease';
import { openUsageSpool } from './usage/open-usage-spool';
import type { UsageRecorder } from './usage/usage-recorder';
import type { UsageSpool } from './usage/usage-spool';

/** Streams may take minutes; a supervisor waits about half a minute before it kills. */
const drainLimitMs = 25_000;
/** What Redis does not take by then waits on disk for the next process. */
const lastDeliveryMs = 2_000;

export interface EdgeOptions {
  clock?: Clock;
  /** From 0 to 1. */
  random?: () => number;
  drainLimitMs?: number;
  /** In place of the edge's own, for tests. */
  breakers?: Breakers;
  limiter?: Limiter;
  fallback?: FallbackRoutes;
  usage?: UsageRecorder;
  /** In place of the system's resolver of names. */
  resolve?: ResolveHost;
  /**
   * Which of the processes beside each other on one port it is; 0 does what only one of them may do. During a restart the old
   * and the new process of a number live for a while together.
   */
  workerIndex?: number;
  /** How many there are beside each other. */
  workerCount?: number;
}

export interface StartOptions {
  /** Others serve the port meanwhile: listen once requests can be answered, or after this time at the latest. */
  warmUpMs?: number;
}

export interface CloseOptions {
  /** For requests and streams in flight. */
  limitMs?: number;
  /** How long idle connections may still bring a request, each its last. */
  lingerMs?: number;
  /** Another process goes on serving the port: health checks are not to hear of the end of this one. */
  isReplaced?: boolean;
}

const warmUpPollMs = 20;
const degradedAfterMs = 2_000;

/**
 * Puts the parts together. Nothing here waits for the runner, and for Redis only a second, if there is a snapshot to take in its
 * place.
 */
export class Edge {
  private readonly clock: Clock;
  private readonly id = `edge-${process.pid}-${newId('request').slice(-6)}`;
  private readonly version = readProductVersion();
  private readonly startedAt: Date;
  private readonly redis: RedisConnections;
  private readonly store = new ProjectionStore();
  private readonly contact: LastContact;
  private readonly feed: ProjectionFeed;
  private readonly pools: UpstreamPools;
  private readonly watcher: RunnerWatcher;
  private readonly litellmHealth: LitellmHealth;
  private readonly breakers: SharedBreakers;
  private readonly performance: PerformanceExchange;
  private readonly lease: StateLease | null;
  private readonly spool: UsageSpool;
  /** null: without a directory and keys for it nothing is kept. */
  private readonly snapshot: EdgeSnapshot | null;
  private readonly attempt: AttemptStep;
  private readonly path: RequestPath;
  private readonly server: HttpServer;
  private readonly relay: EgressRelay;
  private readonly relayServer: HttpServer;
  private relayPort = 0;
  private isReplaced = false;
  private closeByMs = 0;
  readonly metrics: PrometheusMetrics;
  private readonly openAnswers = new OpenAnswers();
  private readonly cors: Cors;
  private readonly heartbeat: Heartbeat;
  private readonly limits: EdgeLimiter;
  private readonly fallback: EdgeFallbackRoutes;
  /** Made once: every request is first looked at for whether it asks for them. */
  private readonly healthSources = this.healthSourcesOf();

  constructor(
    private readonly config: EdgeConfig,
    private readonly logger: Logger,
    private readonly options: EdgeOptions = {},
  ) {
    const clock = (this.clock = options.clock ?? systemClock);
    const newRequestId = (): string => newId('request', clock.nowMs());
    this.startedAt = clock.now();
    this.redis = connectRedis(config.redisUrl, logger);
    const reader = new ProjectionReader(this.redis.commands, config.redisPrefix);
    const metrics = (this.metrics = this.createMetrics(clock));
    this.cors = new Cors(config.corsOrigins);
    const contact = (this.contact = new LastContact(clock));
    const directory = new KeyDirectory(this.store, reader, clock, contact, config.offlineMs);
    const { commands: redis, subscriber } = this.redis;
    const receipts = new KeyReceipts({ redis, prefix: config.redisPrefix, edgeId: this.id, clock, logger });
    this.feed = new ProjectionFeed({
      store: this.store,
      reader,
      subscriber,
      contact,
      clock,
      logger,
      onKeyChanged: (keyHash, version) => {
        directory.forgetUnknown(keyHash);
        if (version !== null) receipts.applied(keyHash, version);
      },
      onPolled: (isUp) => {
        metrics.redisUp(isUp);
        metrics.projectionAgeSeconds(contact.ageMs() / 1_000);
      },
    });
    this.pools = new UpstreamPools(logger);
    const { runnerUrl, internalToken, contextSigningKeys: signingKeys } = config;
    this.watcher = new RunnerWatcher({ runnerUrl, internalToken, subscriber: this.id }, logger, (active) => {
      this.litellmHealth.follow(active);
      this.pools.retireOthers(active);
    });
    this.litellmHealth = new LitellmHealth({
      probe: (active, limitMs) => probeLiveliness(this.pools.of(active), limitMs),
      askRunner: () => this.watcher.refresh(),
      clock,
      metrics,
      logger,
    });
    const litellm = new LitellmConnection(this.watcher, this.pools, this.litellmHealth);
    const models = new ModelsStep({ litellm, store: this.store, signingKeys, clock });
    const credentials = new CredentialDirectory(this.store, reader, () => this.feed.health().isLoaded);
    const random = options.random ?? Math.random;
    this.breakers = this.createBreakers(random);
    const breakers: Breakers = options.breakers ?? this.breakers;
    const { redisPrefix: prefix } = config;
    const performance = new PerformanceExchange({ redis, prefix, edgeId: this.id, clock, logger });
    this.performance = performance;
    const classifier = new Classifier({ litellm, breakers, signingKeys, clock });
    const choosing = { credentials, breakers, performance, classifier, clock, random };
    const candidates = new CandidatesStep(choosing);
    this.limits = new EdgeLimiter({
      redis,
      prefix: config.redisPrefix,
      edgeId: this.id,
      leastEdges: options.workerCount ?? 1,
      metrics,
      clock,
      logger,
    });
    const clients = new ClientAddresses(config.trustedProxies);
    const guard = new UnknownKeyGuard(clock, clients);
    const limiter: Limiter = options.limiter ?? this.limits;
    const addresses = {
      allowedHosts: config.allowedHosts,
      ...(options.resolve && { resolve: options.resolve }),
    };
    const { store, version } = this;
    this.fallback = openFallbackRoutes(config, addresses, { store, clock, random, version, logger });
    const fallback: FallbackRoutes = options.fallback ?? this.fallback;
    this.lease = config.stateDir === null ? null : new StateLease(config.stateDir, this.id);
    this.spool = openUsageSpool({
      redis: this.redis.bulk,
      redisPrefix: config.redisPrefix,
      lease: this.lease,
      metrics,
      logger,
    });
    const usage: UsageRecorder = options.usage ?? this.spool;
    this.snapshot = this.openSnapshot();
    const sender = new AttemptSender({ litellm, signingKeys, clock });
    this.attempt = new AttemptStep({ litellm, sender, breakers, fallback, performance, clock, logger });
    const around = { metrics, limiter, guard, fallback, usage, store: this.store, edgeId: this.id };
    const steps = { directory, models, candidates, attempt: this.attempt };
    this.path = new RequestPath({ ...steps, ...around, clock, newRequestId, logger });
    this.relay = new EgressRelay({ signingKeys, addresses, clock, logger, newRequestId });
    this.relayServer = new HttpServer(
      (request, response) => this.handleEgress(request, response),
      newRequestId,
    );
    const connections = new ConnectionLimits((address) => clients.isTrusted(address));
    this.server = new HttpServer((request, response) => this.handle(request, response), newRequestId, {
      connections,
    });
    this.heartbeat = new Heartbeat(
      this.redis.commands,
      `${config.redisPrefix}:heartbeat:edge:${this.id}`,
      () => this.describe(),
      logger,
    );
  }

  /** @returns the port */
  async start({ warmUpMs = 0 }: StartOptions = {}): Promise<number> {
    const { host } = this.config;
    this.watcher.start();
    this.litellmHealth.start();
    this.breakers.start();
    this.performance.start();
    this.feed.start();
    this.spool.start();
    this.limits.start();
    this.fallback.start();
    await this.snapshot?.prepare();
    if (warmUpMs > 0) await this.warmUp(warmUpMs);
    this.relayPort = await this.relayServer.listen(host, this.config.egressPort);
    const port = await this.server.listen(host, this.config.port);
    this.heartbeat.start();
    this.logger.info('edge listens', { host, port, egress_port: this.relayPort });
    return port;
  }

  /** Where LiteLLM reaches the addresses of tenants. */
  get egressPort(): number {
    return this.relayPort;
  }

  /** Finishes what is in flight, then lets go of everything. */
  async close({ lingerMs = 0, isReplaced = false, ...options }: CloseOptions = {}): Promise<void> {
    this.isReplaced = isReplaced;
    if (isReplaced) await this.snapshot?.handOver();
    const limitMs = options.limitMs ?? this.options.drainLimitMs ?? drainLimitMs;
    this.closeByMs = this.clock.nowMs() + limitMs;
    await this.server.drain(limitMs, () => this.attempt.abortAll(), lingerMs);
    // Only now: the calls that were in flight may have needed it.
    const leftMs = Math.max(this.closeByMs - this.clock.nowMs(), 0);
    await this.relayServer.drain(leftMs, () => this.relay.abortAll(), lingerMs);
    this.feed.close();
    // While all that it tells of is still there.
    await Promise.all([this.spool.close(lastDeliveryMs), this.snapshot?.close()]);
    await this.heartbeat.stop();
    await this.limits.close();
    this.litellmHealth.close();
    this.breakers.close();
    this.performance.close();
    await this.fallback.close();
    await Promise.all([this.watcher.close(), this.pools.destroy(), this.relay.close()]);
    await this.lease?.stop();
    disconnectRedis(this.redis);
  }

  /** In the middle of a close that had more time. */
  hurry(limitMs = drainLimitMs): void {
    this.isReplaced = false;
    this.closeByMs = Math.min(this.closeByMs, this.clock.nowMs() + limitMs);
    this.server.hurry(limitMs);
    this.relayServer.hurry(limitMs);
  }

  private createBreakers(random: () => number): SharedBreakers {
    const { clock, logger, metrics, id: edgeId } = this;
    const { redisPrefix: prefix } = this.config;
    const board = new BreakerBoard({ ...this.redis, prefix, edgeId, clock, logger });
    return new SharedBreakers({ board, clock, random, metrics, logger });
  }

  private openSnapshot(): EdgeSnapshot | null {
    const { stateDir: dir, stateKeys: keys, offlineMs } = this.config;
    if (dir === null || keys === null) return null;
    const { store, feed, contact, watcher, fallback, clock, logger, id: edgeId } = this;
    const isWriter = (this.options.workerIndex ?? 0) === 0;
    const parts = { store, feed, contact, watcher, credentials: fallback };
    return new EdgeSnapshot({ dir, edgeId, keys, isWriter, offlineMs, ...parts, clock, logger });
  }

  /** At once, in place of within two seconds. */
  exchangePerformance(): Promise<void> {
    return this.performance.exchange();
  }

  /** Whether requests can be answered now, and what is wrong. */
  readiness(): Readiness {
    return readiness(this.healthSources, this.clock.nowMs());
  }

  /** Right after the start an edge is degraded, for it has not read its keys yet; later that is as good as it gets. */
  private async warmUp(limitMs: number): Promise<void> {
    const startMs = this.clock.nowMs();
    for (;;) {
      const { status } = this.readiness();
      const passedMs = this.clock.nowMs() - startMs;
      if (status === 'ready' || passedMs >= limitMs) return;
      if (status === 'degraded' && passedMs >= degradedAfterMs) return;
      await new Promise((resolve) => setTimeout(resolve, warmUpPollMs));
    }
  }

  private createMetrics(clock: Clock): PrometheusMetrics {
    const sources = {
      catalogue: () => this.store.get('catalogue', 'current'),
      isLitellmUp: () => this.watcher.active() !== null,
      isRedisUp: () => this.feed.health().redisDownSinceMs === null,
      openAnswers: () => this.openAnswers.count(),
    };
    return new PrometheusMetrics(sources, clock, this.version);
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.cors.apply(request, response)) return;
    if (answerHealth(request, response, this.healthSources, this.clock.nowMs())) return;
    if (request.method === 'OPTIONS') {
      // Needs no key: it tells nothing. What browsers ask (CORS) has been answered before, where it is allowed.
      response.writeHead(204, { allow: 'GET, HEAD, POST, OPTIONS' }).end();
      return;
    }
    this.openAnswers.add(response);
    void this.path.handle(request, response);
  }

  private handleEgress(request: IncomingMessage, response: ServerResponse): void {
    if (answerHealth(request, response, this.healthSources, this.clock.nowMs())) return;
    void this.relay.handle(request, response);
  }

  private healthSourcesOf(): HealthSources {
    return {
      projection: () => this.projectionHealth(),
      litellm: () => this.litellmHealth.view(),
      // Whether one is open to a call is for the policy of its workspace to say.
      hasWayAround: () => this.config.openrouterApiKey !== null || this.store.size('credentials') > 0,
      runnerProblem: () => this.watcher.problem(),
      waitingUsageEvents: () => this.spool.waiting(),
      areLimitsLocal: () => this.limits.isLocal,
      openBreakers: () => this.breakers.openCount(),
      isDraining: () => this.server.draining && !this.isReplaced,
    };
  }

  private projectionHealth(): ReturnType<HealthSources['projection']> {
    const { contact, store, config } = this;
    return { ...this.feed.health(), ...offlineHealth(contact, store, config.offlineMs) };
  }

  private describe(): object | null {
    const { isLoaded, epoch, seq, isComplete } = this.feed.health();
    if (!isLoaded) return null;
    const active = this.watcher.active();
    return {
      process: 'edge',
      id: this.id,
      pid: process.pid,
      version: this.version,
      started_at: this.startedAt.toISOString(),
      reported_at: this.clock.now().toISOString(),
      worker: this.options.workerIndex ?? 0,
      workers: this.options.workerCount ?? 1,
      projection: { epoch, seq, complete: isComplete, keys: this.store.size('key') },
      litellm: active && {
        slot: active.slot,
        release_id: active.release_id,
        version: active.litellm_version,
      },
    };
  }
}
