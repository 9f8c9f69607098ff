import { type ApiRoute, resolveSchema, type Schema } from './api-routes';
import { resourceOfField, type ResourceName } from './seeded-world';

let uniqueCount = 0;

function exampleOfField(name: string, schema: Schema, ids: Record<ResourceName, string>): unknown {
  const resource = resourceOfField[name];
  if (resource) return ids[resource];
  const resolved = resolveSchema(schema);
  // Names may be unique: no two calls use the same.
  if (name === 'name' || name === 'key_alias') return `example-${(uniqueCount += 1)}`;
  if (resolved.example !== undefined) return resolved.example;
  if (resolved.type === 'array' && resolved.items) return [exampleOf(resolveSchema(resolved.items), ids)];
  if (resolved.properties) return exampleOf(resolved, ids);
  if (resolved.enum) return resolved.enum[0];
  return undefined;
}

function exampleOf(schema: Schema, ids: Record<ResourceName, string>): Record<string, unknown> {
  const entries = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    exampleOfField(name, property, ids),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, unknown>;
}

/** Only what the route demands, made of the document's own examples. */
export function requiredBody(
  route: ApiRoute,
  ids: Record<ResourceName, string>,
): Record<string, unknown> | undefined {
  if (!route.body) return undefined;
  const required = new Set(route.body.required ?? []);
  return Object.fromEntries(
    Object.entries(exampleOf(route.body, ids)).filter(([name]) => required.has(name)),
  );
}

/** Every field, as the documentation shows it. */
export function wholeBody(
  route: ApiRoute,
  ids: Record<ResourceName, string>,
): Record<string, unknown> | undefined {
  return route.body ? exampleOf(route.body, ids) : undefined;
}
