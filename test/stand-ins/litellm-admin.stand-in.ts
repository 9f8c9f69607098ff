import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import {
  aliasTaken,
  type Answer,
  type Body,
  columnsOf,
  keyNotFound,
  managementError,
  selectTokens,
  shown,
  tokenTable,
  type TokenRow,
  tooLarge,
} from './litellm-admin.answers';

/**
 * LiteLLM's management API and the runner's /state in one loopback server, with the wire forms and the traps that
 * LiteLLM 1.103.1 showed when it was run. Keys lie in a real "LiteLLM_VerificationToken" table, so that what Signalbox
 * writes there by SQL is what this API then answers. A whole-stack test does the same on the real LiteLLM.
 */
export type Fault =
  | { kind: 'status'; status: number; body: object }
  /** Two callers at once: one of them is answered with this, and the work is done all the same. */
  | { kind: 'status_after'; status: number; body: object }
  /** Nobody answers until the caller gives up. */
  | { kind: 'hang' }
  /** The connection breaks before anything was done. */
  | { kind: 'reset_before' }
  /** The connection breaks after the work was done: the caller cannot know. */
  | { kind: 'reset_after' };

export interface RecordedCall {
  path: string;
  body: Record<string, unknown>;
}

interface Team {
  team_id: string;
  team_alias: string | null;
  models: string[];
  blocked: boolean;
  metadata: object;
  created_at: string;
}

export class LitellmAdminStandIn {
  readonly calls: RecordedCall[] = [];
  readonly teams = new Map<string, Team>();
  /** Deleted keys stay readable by /key/info, with deleted_at. */
  private readonly archive = new Map<string, TokenRow>();
  /** Counts up with every start of LiteLLM, as the runner's version does. */
  stateVersion = 1;
  /** false: the runner has no LiteLLM to name. */
  isRunning = true;
  hasDatabase = true;
  private readonly faults = new Map<string, Fault[]>();
  private readonly server: Server;
  private readonly pool: Pool;

  constructor(
    databaseUrl: string,
    private readonly secrets: { masterKey: string; internalToken: string },
  ) {
    this.pool = new Pool({ connectionString: databaseUrl, max: 4 });
    this.pool.on('error', () => undefined);
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  async start(): Promise<string> {
    await this.pool.query(tokenTable);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.pool.end();
  }

  /** The next calls of this path fail like so, one after the other. */
  failNext(path: string, ...faults: Fault[]): void {
    this.faults.set(path, [...(this.faults.get(path) ?? []), ...faults]);
  }

  /** What happens when somebody drops LiteLLM's database and LiteLLM is started anew on an empty one. */
  async loseDatabase(): Promise<void> {
    await this.pool.query('TRUNCATE "LiteLLM_VerificationToken"');
    this.teams.clear();
    this.archive.clear();
    this.stateVersion += 1;
  }

  async keys(order = 'created_at, token'): Promise<TokenRow[]> {
    return (await this.pool.query<TokenRow>(`${selectTokens} ORDER BY ${order}`)).rows;
  }

  /** As a person would, in LiteLLM's own UI. */
  async insertKey(row: Partial<TokenRow> & { token: string }): Promise<void> {
    const names = Object.keys(row);
    const places = names.map((_name, index) => `$${index + 1}`);
    const columns = names.map((name) => `"${name}"`).join(', ');
    await this.pool.query(
      `INSERT INTO "LiteLLM_VerificationToken" (${columns}) VALUES (${places.join(', ')})`,
      names.map((name) => row[name]),
    );
  }

  callsOf(path: string): RecordedCall[] {
    return this.calls.filter((call) => call.path === path);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const body = await readBody(request);
    const isState = url.pathname === '/state';
    const secret = isState ? this.secrets.internalToken : this.secrets.masterKey;
    if (request.headers.authorization !== `Bearer ${secret}`) {
      return send(response, managementError(401, 'Authentication Error', 'auth_error', 'None'));
    }
    if (isState) return send(response, { status: 200, body: this.state() });
    this.calls.push({ path: url.pathname, body: { ...Object.fromEntries(url.searchParams), ...body } });
    await this.answerWithFaults(url, body, request, response);
  }

  private async answerWithFaults(
    url: URL,
    body: Body,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const fault = this.faults.get(url.pathname)?.shift();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset_before') return void request.socket.destroy();
    if (fault?.kind === 'status') return send(response, { status: fault.status, body: fault.body });
    const answer = await this.answer(url, body).catch((error: unknown): Answer =>
      managementError(500, String(error), 'internal_server_error', 'None'),
    );
    if (fault?.kind === 'reset_after') return void request.socket.destroy();
    if (fault?.kind === 'status_after') return send(response, { status: fault.status, body: fault.body });
    send(response, answer);
  }

  private state(): object {
    const active = {
      slot: 'blue',
      base_url: this.url,
      release_id: 'rel_1',
      release_number: 1,
      pid: 1,
      database_mode: this.hasDatabase,
      litellm_version: '1.103.1',
      started_at: new Date(0).toISOString(),
    };
    return { version: this.stateVersion, active: this.isRunning ? active : null, candidate: null };
  }

  private answer(url: URL, body: Body): Promise<Answer> {
    const query = url.searchParams;
    switch (url.pathname) {
      case '/team/new':
        return Promise.resolve(this.teamNew(body));
      case '/team/update':
        return Promise.resolve(this.teamUpdate(body));
      case '/team/delete':
        return this.teamDelete(body);
      case '/v2/team/list':
        return Promise.resolve(this.teamList(query));
      case '/key/generate':
        return this.keyGenerate(body);
      case '/key/update':
        return this.keyUpdate(body);
      case '/key/delete':
        return this.keyDelete(body);
      case '/key/info':
        return this.keyInfo(query);
      case '/key/list':
        return this.keyList(query);
      default:
        return Promise.resolve({ status: 404, body: { detail: 'Not Found' } });
    }
  }

  private teamNew(body: Body): Answer {
    const id = String(body['team_id']);
    if (this.teams.has(id)) {
      const message = `{'error': 'Team id = ${id} already exists. Please use a different team id.'}`;
      return managementError(400, message, 'internal_server_error', null);
    }
    const team = { models: [], blocked: false, metadata: {}, team_alias: null, ...body, team_id: id };
    this.teams.set(id, { ...team, created_at: new Date().toISOString() });
    return { status: 200, body: this.teams.get(id) };
  }

  private teamUpdate(body: Body): Answer {
    const id = String(body['team_id']);
    const team = this.teams.get(id);
    if (!team) {
      const message = `{'error': 'Team not found, passed team_id=${id}'}`;
      return managementError(404, message, 'internal_server_error', null);
    }
    Object.assign(team, body);
    return { status: 200, body: { team_id: id, data: team } };
  }

  private async teamDelete(body: Body): Promise<Answer> {
    const ids = body['team_ids'] as string[];
    const unknown = ids.find((id) => !this.teams.has(id));
    if (unknown) {
      return { status: 404, body: { detail: { error: `Team not found, passed team_id=${unknown}` } } };
    }
    for (const id of ids) this.teams.delete(id);
    await this.pool.query('DELETE FROM "LiteLLM_VerificationToken" WHERE team_id = ANY($1)', [ids]);
    return { status: 200, body: { deleted_teams: ids } };
  }

  private teamList(query: URLSearchParams): Answer {
    const size = Number(query.get('page_size') ?? 10);
    if (size > 100) return tooLarge('page_size', size);
    const wanted = query.get('team_id');
    const all = [...this.teams.values()].filter((team) => wanted === null || team.team_id === wanted);
    const page = Number(query.get('page') ?? 1);
    const teams = all.slice((page - 1) * size, page * size);
    const total_pages = Math.ceil(all.length / size);
    return { status: 200, body: { teams, total: all.length, page, page_size: size, total_pages } };
  }

  private async keyGenerate(body: Body): Promise<Answer> {
    const value = String(body['key']);
    if (!value.startsWith('sk-') || value.length < 16) {
      return managementError(400, '{\'error\': "Invalid key format. ..."}', 'internal_server_error', null);
    }
    const token = createHash('sha256').update(value).digest('hex');
    if (await this.isAliasTaken(body['key_alias'])) return aliasTaken(body['key_alias']);
    const echo = { ...body, token, token_id: token, key_name: `sk-...${value.slice(-4)}` };
    // The trap: for a value that it has, LiteLLM answers like this and changes nothing.
    if (await this.find(token)) return { status: 200, body: echo };
    await this.insertKey({ token, key_name: echo.key_name, models: [], ...columnsOf(body) });
    return { status: 200, body: echo };
  }

  private async keyUpdate(body: Body): Promise<Answer> {
    const token = String(body['key']);
    const known = await this.find(token);
    if (!known) return managementError(404, 'Key not found.', 'not_found_error', 'key');
    const alias = body['key_alias'];
    if (alias !== known['key_alias'] && (await this.isAliasTaken(alias))) return aliasTaken(alias);
    const columns = columnsOf(body);
    const names = Object.keys(columns);
    if (names.length > 0) {
      const sets = names.map((name, index) => `"${name}" = $${index + 2}`).join(', ');
      await this.pool.query(`UPDATE "LiteLLM_VerificationToken" SET ${sets} WHERE token = $1`, [
        token,
        ...names.map((name) => columns[name]),
      ]);
    }
    return { status: 200, body: { ...(await this.find(token)), key: token } };
  }

  private async keyDelete(body: Body): Promise<Answer> {
    const keys = body['keys'] as string[];
    for (const row of await this.keys()) if (keys.includes(row.token)) this.archive.set(row.token, row);
    const { rowCount } = await this.pool.query(
      'DELETE FROM "LiteLLM_VerificationToken" WHERE token = ANY($1)',
      [keys],
    );
    if (!rowCount) return managementError(404, "{'error': 'No keys found'}", 'internal_server_error', null);
    return { status: 200, body: { deleted_keys: keys } };
  }

  private async keyInfo(query: URLSearchParams): Promise<Answer> {
    const wanted = query.get('key') ?? '';
    const living = await this.find(wanted);
    const row = living ?? this.archive.get(wanted);
    if (!row) return keyNotFound;
    const { token, ...info } = shown(row);
    const archived = living ? {} : { deleted_at: new Date().toISOString(), deleted_by: 'default_user_id' };
    return { status: 200, body: { key: token, info: { ...info, ...archived } } };
  }

  private async keyList(query: URLSearchParams): Promise<Answer> {
    const size = Number(query.get('size') ?? 10);
    if (size > 100) return tooLarge('size', size);
    const all = await this.keys(query.get('sort_by') === 'token' ? 'token' : 'created_at, token');
    const page = Number(query.get('page') ?? 1);
    const rows = all.slice((page - 1) * size, page * size);
    const keys =
      query.get('return_full_object') === 'true' ? rows.map(shown) : rows.map(({ token }) => token);
    const total_pages = Math.ceil(all.length / size);
    return { status: 200, body: { keys, total_count: all.length, current_page: page, total_pages } };
  }

  private async find(token: string): Promise<TokenRow | null> {
    const { rows } = await this.pool.query<TokenRow>(`${selectTokens} WHERE token = $1`, [token]);
    return rows[0] ?? null;
  }

  private async isAliasTaken(alias: unknown): Promise<boolean> {
    if (alias === undefined || alias === null) return false;
    const { rowCount } = await this.pool.query(
      'SELECT FROM "LiteLLM_VerificationToken" WHERE key_alias = $1',
      [alias],
    );
    return (rowCount ?? 0) > 0;
  }
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Body);
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
