import type { OpenAPIObject } from '@nestjs/swagger';
import { type ErrorCode, errorCodes } from '@signalbox/common';
import { errorCodesExtension } from '../http/api-errors.decorator';
import { problemMediaType } from '../http/problem';
import { routeErrorCodes, type RouteMethod } from './route-error-codes';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Responses = NonNullable<NonNullable<OpenAPIObject['components']>['responses']>;

const methods: RouteMethod[] = ['get', 'post', 'put', 'patch', 'delete'];

function exampleOf(code: ErrorCode): object {
  const { title, status } = errorCodes[code];
  return {
    summary: title,
    value: {
      type: `urn:signalbox:error:${code}`,
      title,
      status,
      detail: 'A sentence that says what to do.',
      code,
      request_id: 'req_01kaa4cze6ffmrb8k3wbzh2y4d',
    },
  };
}

function responseOf(codes: ErrorCode[]): Responses[string] {
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('; '),
    content: {
      [problemMediaType]: {
        schema: { $ref: '#/components/schemas/ProblemView' },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

/** Routes with the same codes for a status share one response, whose name is made of the route's own codes. */
function addResponses(method: RouteMethod, operation: Operation, shared: Responses): void {
  const own = ((operation as unknown as Record<string, unknown>)[errorCodesExtension] ?? []) as ErrorCode[];
  const needsToken = (operation.security ?? []).length > 0;
  const codes = routeErrorCodes(method, needsToken, own);
  Object.assign(operation, { [errorCodesExtension]: codes });
  for (const status of [...new Set(codes.map((code) => errorCodes[code].status))].sort()) {
    if (operation.responses[String(status)]) continue;
    const ofStatus = codes.filter((code) => errorCodes[code].status === status);
    const kind = `${needsToken ? '' : 'Public'}${method === 'post' ? 'Post' : ''}`;
    const name = [`Problem${status}${kind}`, ...ofStatus.filter((code) => own.includes(code))].join('_');
    shared[name] ??= responseOf(ofStatus);
    operation.responses[String(status)] = { $ref: `#/components/responses/${name}` };
  }
}

/** Gives each operation an error response per status, with the codes that it may answer. */
export function addErrorResponses(document: OpenAPIObject): void {
  const shared: Responses = {};
  for (const item of Object.values(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation) addResponses(method, operation, shared);
    }
  }
  const codes = Object.keys(errorCodes) as ErrorCode[];
  const examples = Object.fromEntries(codes.map((code) => [code, exampleOf(code)]));
  document.components = { ...document.components, responses: shared, examples };
}
