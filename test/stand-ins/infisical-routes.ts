export type InfisicalRoute =
  | 'login'
  | 'renew'
  | 'revoke'
  | 'list'
  | 'get'
  | 'create'
  | 'update'
  | 'delete'
  | 'folder_create'
  | 'folder_list'
  | 'status'
  | 'unknown';

export interface InfisicalRequest {
  route: InfisicalRoute;
  /** The folder. */
  path: string;
  name: string;
}

const secretRoutes: Record<string, InfisicalRoute> = {
  GET: 'get',
  POST: 'create',
  PATCH: 'update',
  DELETE: 'delete',
};

const plainRoutes: Record<string, InfisicalRoute> = {
  'POST /api/v1/auth/universal-auth/login': 'login',
  'POST /api/v1/auth/token/renew': 'renew',
  'POST /api/v1/auth/token/revoke': 'revoke',
  'GET /api/v3/secrets/raw': 'list',
  'POST /api/v1/folders': 'folder_create',
  'GET /api/v1/folders': 'folder_list',
  'GET /api/status': 'status',
};

export function requestOf(
  method: string,
  url: URL,
  body: Record<string, string | undefined>,
): InfisicalRequest {
  const parameters: Record<string, string | undefined> = { ...Object.fromEntries(url.searchParams), ...body };
  const path = normalized(parameters['secretPath'] ?? parameters['path'] ?? '/');
  const secretName = /^\/api\/v3\/secrets\/raw\/([^/]{1,300})$/.exec(url.pathname)?.[1];
  if (secretName !== undefined) {
    return { route: secretRoutes[method] ?? 'unknown', path, name: decodeURIComponent(secretName) };
  }
  const route = plainRoutes[`${method} ${url.pathname}`] ?? 'unknown';
  return { route, path, name: parameters['name'] ?? '' };
}

function normalized(path: string): string {
  return `/${path.split('/').filter(Boolean).join('/')}`;
}
