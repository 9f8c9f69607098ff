export interface ApiAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface RequestOptions {
  body?: unknown;
  /** Sent as it is, for bodies that are no JSON. */
  rawBody?: string;
  token?: string | null;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

export interface KeyView {
  id: string;
  workspace_id: string;
  key_alias: string | null;
  models: string[];
  status: string;
  [field: string]: unknown;
}

export interface CreatedKey extends KeyView {
  /** The value: shown this once. */
  key: string;
}

export interface ReleaseView {
  id: string;
  number: number;
  status: 'applying' | 'active' | 'superseded' | 'failed';
  failure: string | null;
  deployment_ids: string[];
  [field: string]: unknown;
}

/** A saved provider key, without the key. */
export interface CredentialView {
  id: string;
  owner_type: string;
  state: string;
  state_reason: string | null;
  enabled: boolean;
  key_name: string;
  fingerprint: string;
  [field: string]: unknown;
}

export interface RotationView {
  id: string;
  status: 'running' | 'done' | 'failed' | 'rolled_back' | 'cancelled';
  step: string;
  [field: string]: unknown;
}

export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}

const defaultTimeoutMs = 30_000;

/** A typed client of the admin API, as a script would write it. Refusals throw with the whole problem in the message. */
export class AdminApi {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  withToken(token: string): AdminApi {
    return new AdminApi(this.url, token);
  }

  /** Whatever the answer is, it is returned. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<ApiAnswer> {
    const token = options.token === undefined ? this.token : options.token;
    const headers: Record<string, string> = { ...options.headers };
    if (token !== null) headers['authorization'] = `Bearer ${token}`;
    const body = options.rawBody ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    if (body !== undefined) headers['content-type'] ??= 'application/json';
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parseJson(text) };
  }

  async get<Body>(path: string): Promise<Body> {
    return this.expectOk<Body>('GET', path);
  }

  async post<Body>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Body> {
    return this.expectOk<Body>('POST', path, { body, headers });
  }

  async patch<Body>(path: string, body: unknown): Promise<Body> {
    return this.expectOk<Body>('PATCH', path, { body });
  }

  async delete(path: string): Promise<void> {
    await this.expectOk<unknown>('DELETE', path);
  }

  createOrganization(name: string): Promise<{ id: string; name: string }> {
    return this.post('/organizations', { name });
  }

  createWorkspace(
    organizationId: string,
    name: string,
    more: object = {},
  ): Promise<{ id: string; name: string }> {
    return this.post('/workspaces', { organization_id: organizationId, name, ...more });
  }

  createKey(
    workspaceId: string,
    more: object = {},
    headers: Record<string, string> = {},
  ): Promise<CreatedKey> {
    return this.post('/keys', { workspace_id: workspaceId, ...more }, headers);
  }

  getKey(id: string): Promise<KeyView> {
    return this.get(`/keys/${id}`);
  }

  rotateKey(id: string, overlap: string): Promise<CreatedKey> {
    return this.post(`/keys/${id}/rotate`, { overlap });
  }

  revokeKey(id: string): Promise<KeyView> {
    return this.post(`/keys/${id}/revoke`);
  }

  createCredential(body: object): Promise<CredentialView> {
    return this.post('/credentials', body);
  }

  getCredential(id: string): Promise<CredentialView> {
    return this.get(`/credentials/${id}`);
  }

  rotateCredential(id: string, body: object): Promise<RotationView> {
    return this.post(`/credentials/${id}/rotate`, body);
  }

  getRotation(id: string): Promise<RotationView> {
    return this.get(`/rotations/${id}`);
  }

  private async expectOk<Body>(method: string, path: string, options: RequestOptions = {}): Promise<Body> {
    const { status, body } = await this.request(method, path, options);
    if (status >= 200 && status < 300) return body as Body;
    throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
