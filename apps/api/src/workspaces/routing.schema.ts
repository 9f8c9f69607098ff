import { routingBody, routingDocument, routingWarningCodes } from '@signalbox/domain/workspaces';
import { z } from 'zod';

type JsonObject = Record<string, unknown>;

/** OpenAPI 3.0 knows one example, JSON Schema a list of them. */
function withExample({ examples, ...property }: JsonObject): JsonObject {
  return Array.isArray(examples) ? { ...property, example: (examples as unknown[])[0] } : property;
}

function propertiesOf(schema: z.ZodType): JsonObject {
  const { properties = {} } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  const entries = Object.entries(properties).map(([name, property]) => [
    name,
    withExample(property as JsonObject),
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

const warningProperties = {
  field: { type: 'string', description: 'The place in the policy.', example: 'cascades.smart.0' },
  code: { type: 'string', enum: routingWarningCodes, example: 'model_unknown' },
  message: {
    type: 'string',
    description: 'For a person.',
    example: 'No model fast is in the active config release.',
  },
};

export const routingBodySchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: propertiesOf(routingBody),
};

const shownProperties: JsonObject = {
  workspace_id: { type: 'string', example: 'ws_01m7ykrzhceqarzssba2nkwz3b' },
  ...propertiesOf(routingDocument),
  version: { type: 'integer', description: 'Of the workspace.', example: 2 },
  warnings: {
    type: 'array',
    description:
      'What holds, but does not do what it says: steps to models that the active config release does not have, that the models list of the workspace does not allow, or that are of another vendor while cross_vendor is false.',
    items: { type: 'object', properties: warningProperties, required: Object.keys(warningProperties) },
    example: [],
  },
};

export const routingViewSchema: JsonObject = {
  type: 'object',
  properties: shownProperties,
  required: Object.keys(shownProperties),
};
