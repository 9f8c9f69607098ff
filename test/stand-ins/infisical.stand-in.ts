import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorAnswer, type InfisicalAnswer, type InfisicalDialect, withEtag } from './infisical-answers';
import { type InfisicalFault, send, sendFault } from './infisical-faults';
import { type IdentitySettings, InfisicalIdentity } from './infisical-identity';
import { type InfisicalRequest, type InfisicalRoute, requestOf } from './infisical-routes';
import { InfisicalVault, type VaultRequest } from './infisical-vault';
import { signedWebhook } from './infisical-webhook';

export type { InfisicalFault, InfisicalRequest, InfisicalRoute };

export interface InfisicalStandInSettings extends Partial<IdentitySettings> {
  projectId?: string;
  environments?: string[];
  dialect?: InfisicalDialect;
  /** For the tokens' ends and the lock. */
  nowMs?: () => number;
}

interface Rule {
  fault: InfisicalFault;
  when: (request: InfisicalRequest) => boolean;
  times: number;
}

type Body = Record<string, string | undefined>;
const maxBodyBytes = 1_048_576;

/**
 * A loopback server that speaks Infisical's routes, wire forms and errors, as a self-hosted server of 2024 showed them
 * and as newer source has them; to be judged by the vendor's own SDK.
 */
export class InfisicalStandIn {
  readonly vault: InfisicalVault;
  readonly identity: InfisicalIdentity;
  readonly requests: InfisicalRequest[] = [];
  /** The identity's permissions: requests for which this says true get a 403. */
  isForbidden: (request: InfisicalRequest) => boolean = () => false;
  /** The most requests that were under way together since forgetRequests(). */
  mostAtOnce = 0;
  private underWay = 0;
  private rules: Rule[] = [];
  private readonly environment: string;
  private readonly dialect: InfisicalDialect;
  private server: Server | null = null;
  private port = 0;

  constructor(settings: InfisicalStandInSettings = {}) {
    const nowMs = settings.nowMs ?? Date.now;
    const environments = settings.environments ?? ['prod'];
    this.environment = environments[0]!;
    this.dialect = settings.dialect ?? 'newer';
    this.vault = new InfisicalVault(settings.projectId ?? 'project-1', environments, this.dialect, nowMs);
    this.identity = new InfisicalIdentity(
      {
        clientId: settings.clientId ?? 'client-1',
        clientSecret: settings.clientSecret ?? 'infisical-client-secret-1',
        accessTokenTtlSeconds: settings.accessTokenTtlSeconds ?? 3_600,
        accessTokenMaxTtlSeconds: settings.accessTokenMaxTtlSeconds ?? 3_600,
      },
      nowMs,
      this.dialect,
    );
  }

  /** What a client of it is set up with. */
  get config() {
    const { clientId, clientSecret } = this.identity.settings;
    const { projectId } = this.vault;
    const { url, environment } = this;
    return { url, clientId, clientSecret, projectId, environment, path: '/signalbox' };
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(port = 0): Promise<string> {
    const server = createServer((request, response) => void this.handle(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    return this.url;
  }

  /** Connections are refused from now on. */
  async goAway(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** On the same port, with everything that was there. */
  async comeBack(): Promise<void> {
    await this.start(this.port);
  }

  close(): Promise<void> {
    return this.goAway();
  }

  /** As a person would, in Infisical's own pages. */
  put(path: string, name: string, value: string): void {
    this.vault.put(this.environment, path, name, value);
  }

  get(path: string, name: string): string | undefined {
    return this.vault.folder(this.environment, path)?.get(name)?.values.at(-1);
  }

  remove(path: string, name: string): void {
    this.vault.folder(this.environment, path)?.delete(name);
  }

  names(path: string): string[] {
    return [...(this.vault.folder(this.environment, path)?.keys() ?? [])];
  }

  makeFolder(path: string): void {
    this.vault.makeFolder(this.environment, path);
  }

  removeFolder(path: string): void {
    this.vault.removeFolder(this.environment, path);
  }

  hasFolder(path: string): boolean {
    return this.vault.hasFolder(this.environment, path);
  }

  /** @param routes none: all @param times none: until clearFaults() */
  setFault(fault: InfisicalFault, routes: InfisicalRoute[] = [], times = Number.POSITIVE_INFINITY): void {
    const when = ({ route }: InfisicalRequest): boolean => routes.length === 0 || routes.includes(route);
    this.rules.push({ fault, when, times });
  }

  clearFaults(): void {
    this.rules = [];
  }

  count(route?: InfisicalRoute): number {
    return this.requests.filter((request) => route === undefined || request.route === route).length;
  }

  forgetRequests(): void {
    this.requests.length = 0;
    this.mostAtOnce = 0;
  }

  /** @returns the status of the answer */
  async sendWebhook(
    url: string,
    secret: string,
    more: { secretPath?: string; timestampMs?: number; signature?: 'right' | 'wrong' | 'missing' } = {},
  ): Promise<number> {
    const { body, headers } = signedWebhook(secret, {
      projectId: this.vault.projectId,
      environment: this.environment,
      ...more,
    });
    return (await fetch(url, { method: 'POST', body, headers })).status;
  }

  private async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', 'http://stand-in');
    const text = await readBody(message);
    if (text.length > maxBodyBytes)
      return send(response, errorAnswer(this.dialect, 413, 'Body is too large'));
    const body = parsed(text);
    const request = requestOf(message.method ?? 'GET', url, body);
    this.requests.push(request);
    this.countUntilClosed(response);
    const fault = this.faultOf(request);
    const answer = (isHidden = false): InfisicalAnswer => this.answer(request, url, body, message, isHidden);
    if (fault) return sendFault(fault, this.dialect, answer, message, response);
    send(response, answer());
  }

  private countUntilClosed(response: ServerResponse): void {
    this.underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    response.once('close', () => {
      this.underWay -= 1;
    });
  }

  private faultOf(request: InfisicalRequest): InfisicalFault | null {
    const rule = this.rules.find((one) => one.times > 0 && one.when(request));
    if (!rule) return null;
    rule.times -= 1;
    return rule.fault;
  }

  private answer(
    request: InfisicalRequest,
    url: URL,
    body: Body,
    message: IncomingMessage,
    isHidden: boolean,
  ): InfisicalAnswer {
    const { authorization } = message.headers;
    if (request.route === 'status') return { status: 200, body: { date: new Date(), message: 'Ok' } };
    if (request.route === 'login') return this.identity.logIn(body, authorization);
    if (request.route === 'renew') return this.identity.renew(body);
    if (request.route === 'revoke') return this.identity.revoke(body);
    const refusal = this.identity.refusalOf(authorization);
    if (refusal) return refusal;
    const parameters = { ...Object.fromEntries(url.searchParams), ...body };
    if (parameters['workspaceId'] !== this.vault.projectId || this.isForbidden(request)) {
      return errorAnswer(this.dialect, 403, 'You are not allowed to access this resource');
    }
    return this.vaultAnswer(request, parameters, message, isHidden);
  }

  private vaultAnswer(
    { route, path, name }: InfisicalRequest,
    parameters: Body,
    message: IncomingMessage,
    isHidden: boolean,
  ): InfisicalAnswer {
    const environment = String(parameters['environment']);
    const request: VaultRequest = {
      environment,
      path,
      name,
      value: parameters['secretValue'],
      isExpanded: parameters['expandSecretReferences'] !== 'false' && message.method === 'GET',
      isHidden: isHidden || parameters['viewSecretValue'] === 'false',
    };
    switch (route) {
      case 'list':
        return withEtag(this.vault.list(request), message.headers['if-none-match']);
      case 'get':
      case 'create':
      case 'update':
      case 'delete':
        return this.vault[route](request);
      case 'folder_create':
        return this.vault.createFolder(environment, path, name);
      case 'folder_list':
        return this.vault.listFolders(environment, path);
      default:
        return errorAnswer(this.dialect, 404, `Route ${message.method}:${message.url} not found`);
    }
  }
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}
