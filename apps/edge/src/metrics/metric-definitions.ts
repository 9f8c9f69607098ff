import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** From a cached answer to a reasoning model that thinks for minutes. */
const durationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const firstByteBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** How the values of several processes become one; without it they are added up. */
type Together = 'sum' | 'max' | 'min';

/** Every metric of the edge, by name. docs/operations.md describes them; a test holds both together. */
export function defineMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: ['provider', 'model'], buckets, registers });
  const gauge = <Label extends string>(
    name: string,
    help: string,
    aggregator: Together,
    labelNames: Label[] = [],
  ) => new Gauge({ name, help, labelNames, aggregator, registers });
  return {
    requests: counter('llm_requests_total', 'Requests of known keys', [
      'provider',
      'model',
      'power_level',
      'status',
    ]),
    duration: histogram(
      'llm_request_duration_seconds',
      'From the request to the end of its answer',
      durationBuckets,
    ),
    firstByte: histogram(
      'llm_time_to_first_byte_seconds',
      'From the request to the first byte of its answer',
      firstByteBuckets,
    ),
    tokens: counter('llm_tokens_total', 'Tokens, as providers count them', ['provider', 'model', 'type']),
    cost: counter('llm_cost_total', 'Cost in USD: what the provider says, else by its prices', [
      'provider',
      'model',
      'power_level',
    ]),
    fallbacks: counter('llm_fallbacks_total', 'Requests that were not answered by their first choice', [
      'primary_provider',
      'fallback_provider',
      'reason',
    ]),
    attempts: counter('llm_attempts_total', 'Calls to providers; result: ok or why it failed', [
      'provider',
      'route',
      'result',
    ]),
    providerHealth: gauge(
      'llm_provider_health',
      '1: works; 0: a breaker is open and no call succeeded since',
      'max',
      ['provider'],
    ),
    refused: counter('signalbox_edge_refused_requests_total', 'Requests that the edge refused itself', [
      'code',
    ]),
    breakers: gauge('signalbox_edge_breakers', 'Breakers that are not closed', 'max', ['state']),
    limitsLocal: gauge(
      'signalbox_edge_limits_local',
      '1: limits are counted per process, for want of Redis',
      'max',
    ),
    usageSpooled: gauge(
      'signalbox_edge_usage_spooled_events',
      'Usage events on disk that wait for Redis',
      'sum',
    ),
    usageLost: counter(
      'signalbox_edge_usage_lost_events_total',
      'Usage events that could not even be kept on disk',
      [],
    ),
    litellmUp: gauge('signalbox_edge_litellm_up', '1: calls go through LiteLLM', 'min'),
    redisUp: gauge('signalbox_edge_redis_up', '1: Redis answers', 'min'),
    projectionAge: gauge(
      'signalbox_edge_projection_age_seconds',
      'How long ago the keys in memory were known to be current',
      'max',
    ),
    openRequests: gauge('signalbox_edge_open_requests', 'Requests that are being answered', 'sum'),
    openStreams: gauge('signalbox_edge_open_streams', 'Event streams among them', 'sum'),
    buildInfo: gauge('signalbox_edge_build_info', 'Always 1', 'max', ['version']),
  };
}

export type MetricDefinitions = ReturnType<typeof defineMetrics>;
