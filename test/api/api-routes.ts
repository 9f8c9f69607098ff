import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  example?: unknown;
  nullable?: boolean;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  items?: Schema;
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
  example?: unknown;
}

interface Operation {
  summary?: string;
  description?: string;
  security: object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, unknown>;
  'x-error-codes': string[];
  'x-answer-not-kept'?: boolean;
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, unknown> };
}

export const openApiFile = join(__dirname, '..', '..', 'openapi.json');
export const openApi = JSON.parse(readFileSync(openApiFile, 'utf8')) as OpenApiDocument;

export function resolveSchema(schema: Schema): Schema {
  if (schema.allOf?.[0]) return resolveSchema(schema.allOf[0]);
  if (!schema.$ref) return schema;
  const name = schema.$ref.replace('#/components/schemas/', '');
  const found = openApi.components.schemas[name];
  if (!found) throw new Error(`openapi.json has no schema ${name}`);
  return resolveSchema(found);
}

export interface ApiRoute {
  /** Such as `POST /api/v1/keys`. */
  title: string;
  method: string;
  path: string;
  needsToken: boolean;
  pathParameters: string[];
  queryParameters: Parameter[];
  body: Schema | null;
  description: string;
  errorCodes: string[];
  /** Its answer may stay nowhere, so it takes no Idempotency-Key. */
  isAnswerNotKept: boolean;
}

function toRoute(path: string, method: string, operation: Operation): ApiRoute {
  const parameters = operation.parameters ?? [];
  const body = operation.requestBody?.content['application/json']?.schema;
  return {
    title: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    needsToken: operation.security.length > 0,
    pathParameters: parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
    queryParameters: parameters.filter((parameter) => parameter.in === 'query'),
    body: body ? resolveSchema(body) : null,
    description: operation.description ?? '',
    errorCodes: operation['x-error-codes'],
    isAnswerNotKept: operation['x-answer-not-kept'] === true,
  };
}

export const allRoutes: ApiRoute[] = Object.entries(openApi.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => toRoute(path, method, operation)),
);

export const tokenRoutes = allRoutes.filter(({ needsToken }) => needsToken);

/** For `it.each(titled(routes))('%s', (_title, route) => ...)`. */
export function titled(routes: ApiRoute[]): [string, ApiRoute][] {
  return routes.map((route) => [route.title, route]);
}
