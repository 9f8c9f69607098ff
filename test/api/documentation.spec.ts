import { errorCodes } from '@signalbox/common';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allRoutes, openApi, titled, tokenRoutes } from './api-routes';
import { sectionCodes } from './errors-page';

const errorsPage = readFileSync(join(__dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
/** Answered where no route of the document is: the router itself and the internal listener. */
const outsideOfRoutes = ['route_not_found', 'method_not_allowed', 'internal_token_invalid'];

describe('docs/errors.md', () => {
  it('explains every error code, and none that does not exist', () => {
    const explained = sectionCodes(errorsPage);
    expect(explained).toEqual([...new Set(explained)]);
    expect([...explained].sort()).toEqual(Object.keys(errorCodes).sort());
  });

  it.each(Object.entries(errorCodes))('%s has its status and title there', (code, { status, title }) => {
    expect(errorsPage).toContain(`### ${code}\n\n${status} · ${title}.`);
  });
});

describe('openapi.json', () => {
  it('declares every error code at some route', () => {
    const declared = new Set([...allRoutes.flatMap(({ errorCodes: codes }) => codes), ...outsideOfRoutes]);
    expect(Object.keys(errorCodes).filter((code) => !declared.has(code))).toEqual([]);
  });

  it.each(titled(allRoutes))('%s declares only codes that exist', (_title, route) => {
    expect(route.errorCodes.filter((code) => !Object.hasOwn(errorCodes, code))).toEqual([]);
  });

  it.each(titled(tokenRoutes))('%s names its scope', (_title, route) => {
    expect(route.description).toMatch(/Scope:? [a-z]+:(read|write|reveal)|No scope is needed/);
  });

  it('shows an example of every field', () => {
    const missing = Object.entries(openApi.components.schemas).flatMap(([name, schema]) =>
      Object.entries(schema.properties ?? {})
        .filter(([, field]) => field.example === undefined && !refersToSchema(field))
        .map(([field]) => `${name}.${field}`),
    );
    expect(missing).toEqual([]);
  });

  it('has no schema that says nothing', () => {
    expect(Object.keys(openApi.components.schemas)).not.toContain('Object');
  });

  it('points only at what it has', () => {
    const references = JSON.stringify(openApi).match(/"#\/components\/[^"]+"/g) ?? [];
    const missing = new Set(references.map((text) => text.slice(3, -1)).filter((path) => !resolves(path)));
    expect([...missing]).toEqual([]);
  });
});

function refersToSchema(field: (typeof openApi.components.schemas)[string]): boolean {
  return Boolean(field.$ref ?? field.allOf ?? field.items?.$ref);
}

function resolves(path: string): boolean {
  let value: unknown = openApi;
  for (const step of path.split('/')) value = (value as Record<string, unknown> | undefined)?.[step];
  return value !== undefined;
}
