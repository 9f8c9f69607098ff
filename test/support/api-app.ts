import { type Clock, newId, silentLogger, type Logger } from '@signalbox/common';
import type { ApiConfig } from '@signalbox/config';
import { ServiceTokenEntity } from '@signalbox/database';
import {
  generateServiceTokenValue,
  hashServiceTokenValue,
  previewServiceTokenValue,
} from '@signalbox/gateway';
import { randomBytes } from 'node:crypto';
import { createApi } from '../../apps/api/src/create-api';
import { serve } from '../../apps/api/src/http/serve';
import { openTestDatabase, type TestDatabase } from './test-database';

export interface TestResponse<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface RequestOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TokenOptions {
  organizationId?: string;
  scopes?: string[];
  expiresAt?: Date;
  revokedAt?: Date;
}

export interface ApiApp {
  database: TestDatabase;
  config: ApiConfig;
  url: string;
  internalUrl: string;
  brokerUrl: string;
  /** Makes a service token straight in the database. Default: bound to the platform, with every scope. */
  createToken(options?: TokenOptions): Promise<string>;
  /** One HTTP call. An object is sent as JSON, a string or bytes as they are. */
  call<Body = unknown>(method: string, path: string, options?: RequestOptions): Promise<TestResponse<Body>>;
  get<Service>(token: (abstract new (...args: never[]) => Service) | symbol): Service;
  close(): Promise<void>;
}

export interface ApiAppOptions {
  clock?: Clock;
  logger?: Logger;
  config?: Partial<ApiConfig>;
}

const internalToken = 'internal-token-of-tests';

function testConfig(database: TestDatabase, overrides: Partial<ApiConfig>): ApiConfig {
  const redisUrl = process.env['TEST_REDIS_URL'];
  if (!redisUrl) throw new Error('TEST_REDIS_URL is not set: run the tests by `npm test -- integration`');
  return {
    logLevel: 'silent',
    exitWithParent: false,
    host: '127.0.0.1',
    port: 0,
    internalPort: 0,
    apiUrl: 'http://127.0.0.1:4010',
    edgeUrl: 'http://127.0.0.1:4000',
    // Nothing listens there: what asks the runner must do without it, unless a test brings one.
    runnerUrl: 'http://127.0.0.1:9',
    internalToken,
    brokerPort: 0,
    brokerToken: 'broker-token-of-tests',
    fallbackToken: 'fallback-token-of-tests',
    fingerprintKey: 'fingerprint-key-of-tests',
    infisicalWebhookSecret: null,
    allowedHosts: ['127.0.0.1'],
    secretStore: { active: 'sealed', infisical: null, maxStaleMs: 1_800_000 },
    encryptionKeys: [{ kid: 'test', key: Buffer.alloc(32, 5) }],
    redisUrl,
    redisPrefix: `test-${randomBytes(6).toString('hex')}`,
    databaseUrl: database.appUrl,
    ...overrides,
  };
}

function encodeBody(body: unknown): string | Buffer<ArrayBuffer> | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : Buffer.isBuffer(body) ? Buffer.from(body) : JSON.stringify(body);
}

async function send(url: string, method: string, options: RequestOptions): Promise<TestResponse<unknown>> {
  const response = await fetch(url, {
    method,
    body: encodeBody(options.body),
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

async function createToken(database: TestDatabase, options: TokenOptions = {}): Promise<string> {
  const value = generateServiceTokenValue();
  await database.transactions.run('platform', (manager) =>
    manager.insert(ServiceTokenEntity, {
      id: newId('serviceToken'),
      organizationId: options.organizationId ?? null,
      name: 'test',
      tokenHash: hashServiceTokenValue(value),
      tokenName: previewServiceTokenValue(value),
      scopes: options.scopes ?? ['*'],
      expiresAt: options.expiresAt ?? null,
      revokedAt: options.revokedAt ?? null,
      createdBy: 'test',
    }),
  );
  return value;
}

/** The whole API on random ports, over a database of its own and a Redis prefix of its own. Close it in afterAll. */
export async function openApiApp(options: ApiAppOptions = {}): Promise<ApiApp> {
  const database = await openTestDatabase();
  const config = testConfig(database, options.config ?? {});
  const app = await createApi({
    config,
    logger: options.logger ?? silentLogger,
    ...(options.clock ? { clock: options.clock } : {}),
  });
  const running = await serve(app, config, options.logger ?? silentLogger);
  const url = `http://127.0.0.1:${running.port}`;
  return {
    database,
    config,
    url,
    internalUrl: `http://127.0.0.1:${running.internalPort}`,
    brokerUrl: `http://127.0.0.1:${running.brokerPort}`,
    createToken: (tokenOptions) => createToken(database, tokenOptions),
    call: <Body>(method: string, path: string, requestOptions: RequestOptions = {}) =>
      send(path.startsWith('http') ? path : url + path, method, requestOptions) as Promise<
        TestResponse<Body>
      >,
    get: (token) => app.get(token, { strict: false }),
    close: async () => {
      await running.close();
      await database.close();
    },
  };
}
