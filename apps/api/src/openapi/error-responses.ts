import type { OpenAPIObject } from '@nestjs/swagger';
import { type ErrorCode, errorCodes } from '@signalbox/common';
import { errorCodesExtension } from '../http/api-errors.decorator';
import { problemMediaType } from '../http/problem';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

const methods: Method[] = ['get', 'post', 'put', 'patch', 'delete'];
const ofEveryRoute: ErrorCode[] = ['validation_failed', 'internal_error'];
const ofTokenRoutes: ErrorCode[] = [
  'token_missing',
  'token_malformed',
  'token_unknown',
  'token_revoked',
  'token_expired',
  'scope_missing',
  'database_unavailable',
];
const ofBodies: ErrorCode[] = ['malformed_json', 'body_too_large', 'media_type_unsupported'];
const ofPosts: ErrorCode[] = [
  'idempotency_key_invalid',
  'idempotency_key_reused',
  'idempotency_in_progress',
  'idempotency_answer_lost',
];

function needsToken(operation: Operation): boolean {
  return (operation.security ?? []).length > 0;
}

function codesOf(method: Method, operation: Operation): ErrorCode[] {
  const own = ((operation as unknown as Record<string, unknown>)[errorCodesExtension] ?? []) as ErrorCode[];
  const codes = [
    ...own,
    ...ofEveryRoute,
    ...(needsToken(operation) ? ofTokenRoutes : []),
    // Every method may be sent with a body, and a bad one is refused whether or not the route reads it.
    ...ofBodies,
    ...(method === 'post' ? ofPosts : []),
  ];
  return [...new Set(codes)].sort();
}

function responseOf(status: number, codes: ErrorCode[]): Operation['responses'][string] {
  const example = (code: ErrorCode) => ({
    summary: errorCodes[code].title,
    value: {
      type: `urn:signalbox:error:${code}`,
      title: errorCodes[code].title,
      status,
      detail: 'A sentence that says what to do.',
      code,
      request_id: 'req_01kaa4cze6ffmrb8k3wbzh2y4d',
    },
  });
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('; '),
    content: {
      [problemMediaType]: {
        schema: { $ref: '#/components/schemas/ProblemView' },
        examples: Object.fromEntries(codes.map((code) => [code, example(code)])),
      },
    },
  };
}

function addResponses(method: Method, operation: Operation): void {
  const codes = codesOf(method, operation);
  Object.assign(operation, { [errorCodesExtension]: codes });
  const statuses = [...new Set(codes.map((code) => errorCodes[code].status))].sort();
  for (const status of statuses) {
    operation.responses[String(status)] ??= responseOf(
      status,
      codes.filter((code) => errorCodes[code].status === status),
    );
  }
}

/** Gives each operation an error response per status, with the codes that it may answer. */
export function addErrorResponses(document: OpenAPIObject): void {
  for (const item of Object.values(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation) addResponses(method, operation);
    }
  }
}
