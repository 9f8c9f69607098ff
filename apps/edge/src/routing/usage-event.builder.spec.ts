import fc from 'fast-check';
import {
  defaultRoutingPolicy,
  type DeploymentFacts,
  deploymentFacts,
  failureReasons,
  parseUsageEvent,
  unlimited,
} from '@signalbox/gateway';
import type { AnswerEnd } from '../answer/answer-end';
import type { Caller } from '../keys/key-directory';
import type { EdgeRequest } from '../request/edge-request';
import type { PlannedAttempt } from './planned-attempt';
import { newRequestRecord, type RequestRecord } from './request-record';
import { buildUsageEvent } from './usage-event.builder';

const caller: Caller = {
  keyHash: 'hash',
  key: {
    v: 1,
    key_id: 'key_1',
    organization_id: 'org_1',
    workspace_id: 'ws_1',
    key_alias: null,
    models: [],
    status: 'active',
    expires_at: null,
    ...unlimited,
    max_budget: null,
    budget_duration: null,
    user_id: 'anna',
    service_id: 'svc_1',
  },
  workspace: null,
  organization: null,
  routing: defaultRoutingPolicy,
  platformFirstByteMs: 45_000,
};

const tokens = fc.nat(1_000_000);
const usage = fc.record({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  cache_read_tokens: tokens,
  cache_write_tokens: tokens,
  reasoning_tokens: tokens,
  provider_cost_nano_usd: fc.option(tokens),
});
const end: fc.Arbitrary<AnswerEnd> = fc.record({
  complete: fc.boolean(),
  usage: fc.option(usage),
  upstreamModel: fc.option(fc.string({ maxLength: 2_000 })),
  bytesOut: fc.nat(),
  firstByteAtMs: fc.option(fc.nat()),
  clientGone: fc.boolean(),
  problem: fc.option(fc.string()),
  brokenBy: fc.option(fc.constantFrom('cut', 'time')),
});
const attempt = fc.record({
  route: fc.constantFrom('litellm', 'openrouter', 'direct'),
  model: fc.string({ maxLength: 256 }),
  isCrossVendor: fc.boolean(),
  provider: fc.option(fc.constantFrom('openai', 'groq')),
  providerId: fc.option(fc.constant('prov_1')),
  deploymentId: fc.option(fc.constant('dep_1')),
  credential: fc.option(
    fc.record({ id: fc.constant('cred_1'), owner: fc.constantFrom('member', 'platform') }),
  ),
} as const);
const changes = fc.record({
  modelRequested: fc.option(fc.string({ maxLength: 256 })),
  isStream: fc.boolean(),
  bytesIn: fc.nat(),
  answeredBy: fc.option(attempt as unknown as fc.Arbitrary<PlannedAttempt>),
  fallbackReason: fc.option(fc.constantFrom(...failureReasons, 'hedged' as const)),
  skipped: fc.nat(5),
  errorCode: fc.option(fc.constantFrom('provider_error', 'model_not_allowed')),
  end: fc.option(end),
});

function eventOf(change: Partial<RequestRecord>, headersSent = true, known: DeploymentFacts | null = null) {
  const record = { ...newRequestRecord(caller, 'chat_completions'), ...change };
  const response = { headersSent, statusCode: 200, writableFinished: headersSent };
  const edgeRequest = { id: 'req_1', response, startedAtMs: 5, facts: {} } as unknown as EdgeRequest;
  return buildUsageEvent(edgeRequest, record, 'edge_1', 9, known);
}

it('makes only events that the worker takes', () => {
  fc.assert(
    fc.property(changes, fc.boolean(), (change, headersSent) => {
      const event = eventOf(change, headersSent);
      expect(parseUsageEvent(JSON.stringify(event))).toEqual({ event });
    }),
  );
});

it('keeps of the name that an upstream gives its model what PostgreSQL can hold', () => {
  const whole = {
    complete: true,
    usage: null,
    bytesOut: 1,
    firstByteAtMs: 1,
    clientGone: false,
    problem: null,
  };
  const nameOf = (upstreamModel: string) => eventOf({ end: { ...whole, upstreamModel } }).upstream_model;
  expect(nameOf('a\u0000b\ud800c')).toBe('abc');
  expect(nameOf(`${'x'.repeat(511)}\u{1f600}`)).toBe('x'.repeat(511));
});

describe('the cost of a long prompt', () => {
  const long = { above_prompt_tokens: 200_000, input: 2_500_000, output: 15_000_000 };
  const known = deploymentFacts.parse({
    prices: { input: 1_250_000, output: 10_000_000, request: 0, long_prompt: [long] },
  });
  const event = (prompt_tokens: number) => {
    const used = { prompt_tokens, completion_tokens: 1_000, cache_read_tokens: 0, cache_write_tokens: 0 };
    const usage = { ...used, reasoning_tokens: 0, provider_cost_nano_usd: null };
    return eventOf({ end: { usage } as AnswerEnd }, true, known);
  };

  it.each([
    // 200,000 x $1.25 + 1,000 x $10 per million = $0.26.
    [200_000, 260_000_000, { input: 1_250_000, output: 10_000_000 }],
    // 200,001 x $2.50 + 1,000 x $15 per million = $0.5150025.
    [200_001, 515_002_500, { above_prompt_tokens: 200_000, input: 2_500_000, output: 15_000_000 }],
  ])('of %d tokens is by the prices that stand beside it', (promptTokens, costNanoUsd, prices) => {
    const made = event(promptTokens);
    const none = { cache_read: null, cache_write: null, request: 0 };
    expect([made.cost_nano_usd, made.prices]).toEqual([costNanoUsd, { ...none, ...prices }]);
    expect(parseUsageEvent(JSON.stringify(made))).toEqual({ event: made });
  });
});

it('says who it was, and that nothing was used where nothing is known', () => {
  expect(eventOf({})).toMatchObject({
    virtual_key_id: 'key_1',
    service_id: 'svc_1',
    user_id: 'anna',
    usage_source: 'none',
    prompt_tokens: 0,
    complete: false,
    client_gone: false,
  });
});

it('a client that left before there was an answer has a status of its own', () => {
  expect(eventOf({}, false)).toMatchObject({ status_code: 499, client_gone: true });
});
