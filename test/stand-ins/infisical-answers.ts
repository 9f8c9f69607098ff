import { createHash } from 'node:crypto';

/** 2024: what a self-hosted server of that year sent. newer: the forms of the current source. */
export type InfisicalDialect = '2024' | 'newer';

export interface InfisicalAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface KeptSecret {
  id: string;
  name: string;
  /** Oldest first; the version is the count. */
  values: string[];
  changedAtMs: number;
}

interface Place {
  projectId: string;
  environment: string;
  path: string;
  dialect: InfisicalDialect;
}

const mask = '<hidden-by-infisical>';

/** The wire has `workspace`, `_id` and tag objects, whatever the SDK's types say; old servers leave fields out. */
export function secretOnTheWire(secret: KeptSecret, value: string, place: Place, isHidden = false): object {
  const common = {
    id: secret.id,
    _id: secret.id,
    workspace: place.projectId,
    environment: place.environment,
    version: secret.values.length,
    type: 'shared',
    secretKey: secret.name,
    secretValue: isHidden ? mask : value,
    secretComment: '',
    skipMultilineEncoding: false,
    tags: [{ id: 'tag-1', slug: 'byok', name: 'byok', color: '#000000' }],
    secretMetadata: [{ key: 'owner', value: 'signalbox', isEncrypted: false }],
  };
  if (place.dialect === '2024') return isHidden ? { ...common, secretValueHidden: true } : common;
  const changedAt = new Date(secret.changedAtMs).toISOString();
  return {
    ...common,
    secretValueHidden: isHidden,
    secretPath: place.path,
    createdAt: changedAt,
    updatedAt: changedAt,
    isRotatedSecret: false,
  };
}

export function folderOnTheWire(path: string): object {
  const name = path.split('/').at(-1) ?? 'root';
  return { id: `folder-${hashOf(path).slice(0, 12)}`, name, version: 1, parentId: null, envId: 'env-1' };
}

const errorNames: Record<number, string> = {
  400: 'BadRequest',
  401: 'UnauthorizedError',
  403: 'PermissionDenied',
  404: 'NotFound',
  413: 'PayloadTooLarge',
  422: 'ValidationFailure',
  429: 'RateLimit',
  500: 'InternalServerError',
  504: 'GatewayTimeout',
};

export function errorAnswer(dialect: InfisicalDialect, status: number, message: string): InfisicalAnswer {
  const body = { statusCode: status, message, error: errorNames[status] ?? 'Error' };
  return { status, body: dialect === '2024' ? body : { reqId: 'req-stand-in', ...body } };
}

export function secretMissing(dialect: InfisicalDialect, name: string): InfisicalAnswer {
  if (dialect === '2024') return errorAnswer(dialect, 400, 'Secret not found');
  return errorAnswer(dialect, 404, `Secret with name '${name}' not found`);
}

export function folderMissing(dialect: InfisicalDialect, environment: string, path: string): InfisicalAnswer {
  if (dialect === '2024') {
    return errorAnswer(dialect, 400, 'Folder not found for the given environment slug & secret path');
  }
  const message = `Folder with path '${path}' in environment with slug '${environment}' not found`;
  return errorAnswer(dialect, 404, message);
}

export function environmentMissing(dialect: InfisicalDialect, environment: string): InfisicalAnswer {
  if (dialect === '2024') return errorAnswer(dialect, 400, 'Environment not found');
  return errorAnswer(dialect, 404, `Environment with slug '${environment}' not found`);
}

/** Newer servers' `message` is a list, so that the SDK cannot read it. */
export function invalidBody(dialect: InfisicalDialect, message: string): InfisicalAnswer {
  if (dialect === '2024') return errorAnswer(dialect, 422, message);
  return {
    status: 422,
    body: {
      reqId: 'req-stand-in',
      statusCode: 422,
      error: 'ValidationFailure',
      message: [{ code: 'custom', path: ['secretName'], message }],
    },
  };
}

export function withEtag(answer: InfisicalAnswer, ifNoneMatch: string | undefined): InfisicalAnswer {
  const etag = `"${hashOf(JSON.stringify(answer.body))}"`;
  if (ifNoneMatch === etag) return { status: 304, body: undefined, headers: { etag } };
  return { ...answer, headers: { etag } };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
