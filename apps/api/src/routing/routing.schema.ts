import {
  changeKinds,
  routingBody,
  routingDocument,
  routingLayerNames,
  routingWarningCodes,
  rulesBody,
} from '@signalbox/domain/routing';
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

/** All fields are there. */
function answer(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties) };
}

const schemaNames = {
  rules: 'RoutingRules',
  policy: 'RoutingPolicy',
  warning: 'RoutingWarning',
  change: 'RoutingChange',
  view: 'RoutingRulesView',
  outcome: 'RoutingOutcomeView',
} as const;

function refTo(name: keyof typeof schemaNames): JsonObject {
  return { $ref: `#/components/schemas/${schemaNames[name]}` };
}

export function policyReference(description: string): JsonObject {
  return described('policy', description);
}

/** OpenAPI 3.0 lets nothing stand beside a reference. */
function described(name: keyof typeof schemaNames, description: string): JsonObject {
  return { description, allOf: [refTo(name)] };
}

const documentProperties = propertiesOf(routingDocument);

const warnings = {
  type: 'array',
  description: 'What holds, but does not do what it says.',
  items: refTo('warning'),
  example: [],
};

const changes = (description: string): JsonObject => ({
  type: 'array',
  description,
  items: refTo('change'),
  example: [],
});

export const changesSchema = changes('Since the version before.');

const shownRules: JsonObject = {
  scope: { type: 'string', enum: ['platform', 'organization', 'workspace'], example: 'workspace' },
  organization_id: {
    type: 'string',
    nullable: true,
    description: "null: the platform's.",
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  },
  workspace_id: { type: 'string', nullable: true, example: 'ws_01m7ykrzhceqarzssba2nkwz3b' },
  version: {
    type: 'integer',
    description: 'Of the workspace, the organization or the platform: for the next change.',
    example: 2,
  },
  rules: described('rules', 'What this level says, as it was written.'),
  effective: described('policy', 'What comes of it with the levels above.'),
  layers: {
    type: 'object',
    description: 'For each field of `effective`, the level that says it.',
    additionalProperties: { type: 'string', enum: routingLayerNames },
    example: { power_level: 'workspace', no_training: 'organization', attempt_limit: 'default' },
  },
  warnings,
};

const shownOutcome: JsonObject = {
  ...shownRules,
  dry_run: { type: 'boolean', description: 'true: nothing was written.', example: false },
  changes: changes('Of `rules`.'),
  effective_changes: changes(
    'Of `effective`: what another request of this level will meet. Levels below may say otherwise.',
  ),
};

/** Named, since several routes speak of them, and of one another. */
export const routingSchemas: Readonly<Record<string, JsonObject>> = {
  [schemaNames.rules]: {
    type: 'object',
    description: 'What one level says: docs/routing.md. What is left out is left to the level above it.',
    additionalProperties: false,
    properties: documentProperties,
    example: { power_level: 'eco', groups: { smart: { models: ['gpt-5', 'claude-sonnet'] } } },
  },
  [schemaNames.policy]: answer(documentProperties),
  [schemaNames.warning]: answer({
    field: { type: 'string', description: 'The place in the policy.', example: 'cascades.smart.0' },
    code: {
      type: 'string',
      description:
        'Steps to models that the active config release does not have, that the models list of the workspace does not allow, or that are of another vendor while cross_vendor is false; a strategy without its weights; a group under the name of a model or an alias; a cascade under the name of an alias.',
      enum: routingWarningCodes,
      example: 'model_unknown',
    },
    message: {
      type: 'string',
      description: 'For a person.',
      example: 'No model fast is in the active config release.',
    },
  }),
  [schemaNames.change]: answer({
    field: { type: 'string', description: 'A list counts as one value.', example: 'levels.eco.models' },
    change: { type: 'string', enum: changeKinds, example: 'changed' },
    before: { nullable: true, description: 'null where it is added.', example: ['gpt-5-mini'] },
    after: { nullable: true, description: 'null where it is removed.', example: ['gpt-5-mini', 'llama'] },
  }),
  [schemaNames.view]: answer(shownRules),
  [schemaNames.outcome]: answer(shownOutcome),
};

export const routingBodySchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: propertiesOf(routingBody),
};

export const rulesBodySchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: { ...propertiesOf(rulesBody), rules: refTo('rules') },
  required: ['rules'],
};

export const routingViewSchema = answer({
  workspace_id: { type: 'string', example: 'ws_01m7ykrzhceqarzssba2nkwz3b' },
  ...documentProperties,
  version: { type: 'integer', description: 'Of the workspace.', example: 2 },
  warnings,
});

export const rulesViewSchema = refTo('view');
export const rulesOutcomeSchema = refTo('outcome');

export const schemaOfSchemas: JsonObject = {
  type: 'object',
  additionalProperties: true,
  example: { type: 'object' },
};
