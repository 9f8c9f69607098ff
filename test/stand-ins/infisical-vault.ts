import { randomUUID } from 'node:crypto';
import {
  environmentMissing,
  errorAnswer,
  folderMissing,
  folderOnTheWire,
  type InfisicalAnswer,
  type InfisicalDialect,
  invalidBody,
  type KeptSecret,
  secretMissing,
  secretOnTheWire,
} from './infisical-answers';

export interface VaultRequest {
  environment: string;
  path: string;
  /** Empty for listings. */
  name: string;
  value: string | undefined;
  isExpanded: boolean;
  /** Values are masked, as for an identity that may not see them. */
  isHidden: boolean;
}

/** Folders and secrets of one project. Answers are on the wire's terms, helpers on a test's. */
export class InfisicalVault {
  /** By environment and path. */
  private readonly folders = new Map<string, Map<string, KeptSecret>>();

  constructor(
    readonly projectId: string,
    private readonly environments: readonly string[],
    private readonly dialect: InfisicalDialect,
    private readonly nowMs: () => number,
  ) {
    for (const environment of environments) this.makeFolder(environment, '/');
  }

  makeFolder(environment: string, path: string): void {
    const parts = path.split('/').filter(Boolean);
    for (let depth = 0; depth <= parts.length; depth += 1) {
      const key = `${environment}:/${parts.slice(0, depth).join('/')}`;
      if (!this.folders.has(key)) this.folders.set(key, new Map());
    }
  }

  removeFolder(environment: string, path: string): void {
    for (const key of this.folders.keys()) {
      if (key === `${environment}:${path}` || key.startsWith(`${environment}:${path}/`)) {
        this.folders.delete(key);
      }
    }
  }

  hasFolder(environment: string, path: string): boolean {
    return this.folders.has(`${environment}:${path}`);
  }

  folder(environment: string, path: string): Map<string, KeptSecret> | undefined {
    return this.folders.get(`${environment}:${path}`);
  }

  put(environment: string, path: string, name: string, value: string): void {
    this.makeFolder(environment, path);
    const folder = this.folder(environment, path)!;
    const secret = folder.get(name) ?? { id: randomUUID(), name, values: [], changedAtMs: 0 };
    secret.values.push(value);
    secret.changedAtMs = this.nowMs();
    folder.set(name, secret);
  }

  /** A missing folder, and in 2024 also a wrong environment, is an empty list. */
  list(request: VaultRequest): InfisicalAnswer {
    const folder = this.folder(request.environment, request.path);
    if (!folder && this.dialect === 'newer' && !this.environments.includes(request.environment)) {
      return environmentMissing(this.dialect, request.environment);
    }
    const secrets = [...(folder?.values() ?? [])].map((secret) => this.onTheWire(secret, request));
    return { status: 200, body: { secrets, imports: [] } };
  }

  get(request: VaultRequest): InfisicalAnswer {
    const secret = this.folder(request.environment, request.path)?.get(request.name);
    if (!secret) return secretMissing(this.dialect, request.name);
    return { status: 200, body: { secret: this.onTheWire(secret, request) } };
  }

  create(request: VaultRequest): InfisicalAnswer {
    const folder = this.folder(request.environment, request.path);
    if (!folder) return folderMissing(this.dialect, request.environment, request.path);
    if (!/^[^:/]+$/.test(request.name)) return invalidBody(this.dialect, 'Secret name cannot contain : or /');
    if (folder.has(request.name)) return errorAnswer(this.dialect, 400, 'Secret already exist');
    this.put(request.environment, request.path, request.name, trimmed(request.value));
    return this.get(request);
  }

  update(request: VaultRequest): InfisicalAnswer {
    const folder = this.folder(request.environment, request.path);
    if (!folder) return folderMissing(this.dialect, request.environment, request.path);
    if (!folder.has(request.name)) return secretMissing(this.dialect, request.name);
    this.put(request.environment, request.path, request.name, trimmed(request.value));
    return this.get(request);
  }

  delete(request: VaultRequest): InfisicalAnswer {
    const folder = this.folder(request.environment, request.path);
    if (!folder) return folderMissing(this.dialect, request.environment, request.path);
    const answer = this.get(request);
    folder.delete(request.name);
    return answer;
  }

  createFolder(environment: string, parent: string, name: string): InfisicalAnswer {
    if (!this.environments.includes(environment)) return environmentMissing(this.dialect, environment);
    if (!/^[A-Za-z0-9_-]+$/.test(name)) return errorAnswer(this.dialect, 500, 'Something went wrong');
    const path = `${parent === '/' ? '' : parent}/${name}`;
    this.makeFolder(environment, path);
    return { status: 200, body: { folder: folderOnTheWire(path) } };
  }

  listFolders(environment: string, path: string): InfisicalAnswer {
    if (!this.environments.includes(environment)) return environmentMissing(this.dialect, environment);
    const prefix = `${environment}:${path === '/' ? '' : path}/`;
    const children = [...this.folders.keys()].filter(
      (key) =>
        key.startsWith(prefix) && key.length > prefix.length && !key.slice(prefix.length).includes('/'),
    );
    return { status: 200, body: { folders: children.map((key) => folderOnTheWire(key)) } };
  }

  private onTheWire(secret: KeptSecret, request: VaultRequest): object {
    const { environment, path, isHidden } = request;
    const value = secret.values.at(-1) ?? '';
    return secretOnTheWire(
      secret,
      request.isExpanded ? this.expanded(value, environment, path) : value,
      { projectId: this.projectId, environment, path, dialect: this.dialect },
      isHidden,
    );
  }

  /** `${NAME}` of the same folder, or `${environment.folder.NAME}` of anywhere: how one tenant could read another's. */
  private expanded(value: string, environment: string, path: string): string {
    return value.replace(/\$\{([^}]+)\}/g, (_all, reference: string) => {
      const parts = reference.split('.');
      const name = parts.pop()!;
      const [where = environment, ...folders] = parts;
      const from = parts.length === 0 ? path : `/${folders.join('/')}`;
      return this.folder(where, from)?.get(name)?.values.at(-1) ?? '';
    });
  }
}

/** The server trims both ends and keeps one newline at the end. */
function trimmed(value: string | undefined): string {
  const text = value ?? '';
  return text.trim() + (text.endsWith('\n') ? '\n' : '');
}
