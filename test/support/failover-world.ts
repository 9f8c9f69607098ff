import { type CatalogueDocument, type LlmRoute, type UsageEvent, usageEvent } from '@signalbox/gateway';
import { Pool } from 'undici';
import type {
  FallbackQuestion,
  FallbackRoutes,
  FallbackTarget,
} from '../../apps/edge/src/fallback/fallback-routes';
import { bodyBytes, lacksUsage } from '../../apps/edge/src/request/call-body';
import type { LitellmBehaviour } from '../stand-ins/litellm.stand-in';
import { type EdgeApp, type EdgeAppOptions, openEdgeApp, type TestKey, workspace } from './edge-app';
import { ChatClient } from './e2e/chat-client';
import { EdgeClient, messages } from './edge-client';
import { waitUntil } from './wait-until';

type Model = CatalogueDocument['models'][number];

/** A way around LiteLLM, to a stand-in. */
export interface TestWay {
  /** With the path before `/chat/completions`, as a base URL has it. */
  baseUrl: string;
  via?: 'openrouter' | 'direct';
  credential?: FallbackTarget['credential'];
  /** There is no usable key after all. */
  hasNoKey?: boolean;
}

/** The ways around LiteLLM, as a test wants them. */
class TestFallback implements FallbackRoutes {
  ways: (model: string) => TestWay[] = () => [];
  readonly asked: string[] = [];
  private readonly pools = new Map<string, Pool>();

  note(): void {
    // Nothing to fetch ahead.
  }

  targets({ model, route }: FallbackQuestion): Promise<FallbackTarget[]> {
    this.asked.push(model);
    return Promise.resolve(this.ways(model).map((way) => this.target(model, route, way)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
  }

  private target(model: string, route: LlmRoute, way: TestWay): FallbackTarget {
    const { origin, pathname } = new URL(way.baseUrl);
    const via = way.via ?? 'openrouter';
    const path = pathname + route.path;
    return {
      via,
      model,
      upstreamModel: `vendor/${model}`,
      provider: via === 'openrouter' ? 'openrouter' : 'openai',
      providerId: `prov_${via}`,
      deploymentId: null,
      credential: way.credential ?? { id: `cred_${pathname}`, owner: 'platform' },
      prepare: ({ body, bytes }) => {
        if (way.hasNoKey) return Promise.resolve(null);
        const headers = { 'content-type': body.contentType, authorization: 'Bearer fallback' };
        const changes = { model: `vendor/${model}`, asksForUsage: lacksUsage(route.name, body) };
        const request = { method: 'POST', path, headers, body: bodyBytes(body, bytes, changes) } as const;
        return Promise.resolve({ dispatcher: this.poolOf(origin), request });
      },
    };
  }

  private poolOf(origin: string): Pool {
    const pool = this.pools.get(origin) ?? new Pool(origin);
    this.pools.set(origin, pool);
    return pool;
  }
}

export function aModel(
  name: string,
  deploymentIds: string[] = [`dep_${name}`],
  change: Partial<Model> = {},
): Model {
  const deployments = deploymentIds.map((id, order) => ({
    id,
    provider_id: 'prov_1',
    provider_kind: 'openai',
    needs_key: true,
    credential_id: null,
    weight: 1,
    order,
    upstream_model: name,
    base_url: null,
  }));
  return {
    name,
    mode: 'chat',
    deployment_ids: deploymentIds,
    deployments,
    openrouter_id: `openai/${name}`,
    ...change,
  };
}

/** LiteLLM passing on a provider's error. */
export const failing = (
  status: number,
  type = 'some_error',
  headers: Record<string, string> = {},
): LitellmBehaviour => ({
  kind: 'error',
  status,
  body: {
    error: { message: 'litellm.APIError: the provider said no', type, param: null, code: String(status) },
  },
  headers,
});

/** The x-signalbox-* headers of an answer, without the prefix. */
export const tagsOf = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries(
    [...headers].flatMap(([name, value]) =>
      name.startsWith('x-signalbox-') ? [[name.slice('x-signalbox-'.length), value]] : [],
    ),
  );

export interface FailoverWorld {
  app: EdgeApp;
  key: TestKey;
  client: EdgeClient;
  chat: ChatClient;
  fallback: TestFallback;
  events: UsageEvent[];
  /** The catalogue; the platform pays for all of it. */
  release(...models: Model[]): Promise<void>;
  setPolicy(routing: object, more?: object): Promise<void>;
  /** Policy and catalogue, in force: three deployments of `demo` if no model is given. */
  ready(policy?: object, ...models: Model[]): Promise<void>;
  /** A chat. */
  send(model?: string, more?: object, headers?: Record<string, string>): Promise<Response>;
  /** What LiteLLM does with calls for each deployment; with all others it works. */
  behave(byDeployment: Record<string, LitellmBehaviour>): void;
  /** Ids of the deployments for which LiteLLM was called. */
  called(): (string | null)[];
  eventOf(requestId: string | null | undefined): Promise<UsageEvent>;
  /** Writes are live when their message has come; the last one written is the last to come. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** An edge with a catalogue, ways around LiteLLM as the test says, and its usage events at hand. */
export async function openFailoverWorld(options: EdgeAppOptions = {}): Promise<FailoverWorld> {
  const fallback = new TestFallback();
  const events: UsageEvent[] = [];
  const usage = { record: (event: UsageEvent) => void events.push(event) };
  const app = await openEdgeApp({ drainLimitMs: 500, fallback, usage, ...options });
  const key = await app.createKey();
  const chat = new ChatClient(app.url);
  const credential = { id: 'cred_1', provider_id: 'prov_1', state: 'verified', expires_at: null };
  await app.projection.write('credentials', 'platform', { owner_key: 'platform', credentials: [credential] });
  const client = new EdgeClient(app.url, key.value);
  const world: FailoverWorld = {
    app,
    key,
    client,
    chat,
    fallback,
    events,
    release: (...models) =>
      app.projection.write('catalogue', 'current', { release_id: 'rel_1', release_number: 1, models }),
    setPolicy: (routing, more) =>
      app.projection.write('workspace', 'ws_1', { ...workspace, ...more, routing }),
    async ready(policy = {}, ...models) {
      await world.setPolicy(policy);
      await world.release(...(models.length > 0 ? models : [aModel('demo', ['dep_1', 'dep_2', 'dep_3'])]));
      await world.settled();
    },
    send: (model = 'demo', more = {}, headers = {}) =>
      client.post('/v1/chat/completions', { model, messages, ...more }, headers),
    behave(byDeployment) {
      app.litellm.behaviourOf = ({ context: { dep } }) => byDeployment[dep ?? ''] ?? null;
    },
    called: () => app.litellm.posts().map(({ context }) => context.dep),
    async eventOf(requestId) {
      const event = await waitUntil(() => events.find((one) => one.request_id === requestId), {
        deadlineMs: 2_000,
        what: 'the usage event',
      });
      // The worker would refuse any other.
      return usageEvent.parse(event);
    },
    async settled() {
      const { value } = await app.createKey();
      const marker = new EdgeClient(app.url, value);
      await waitUntil(async () => (await marker.post('/v1/chat/completions', {})).status === 400, {
        deadlineMs: 2_000,
        what: 'the changes to be known',
      });
    },
    async close() {
      await chat.close();
      await app.close();
      await fallback.close();
    },
  };
  return world;
}
