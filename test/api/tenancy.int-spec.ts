import type { ApiApp, TestResponse } from '../support/api-app';
import { type ApiRoute, titled, tokenRoutes } from './api-routes';
import { requiredBody, wholeBody } from './body-examples';
import { flawOf } from './problem-expectations';
import {
  openApiWithoutWorker,
  pathResources,
  pathWith,
  resourceFields,
  type ResourceName,
  resourceOfField,
  seedPlatform,
  seedWorld,
  type World,
} from './seeded-world';

/** Rows of the platform that every organization may read: what can be used at all. A user's name is each one's own. */
const sharedResources: ReadonlySet<ResourceName> = new Set([
  'provider',
  'model',
  'deployment',
  'catalogue_entry',
  'user',
]);

jest.setTimeout(60_000);

let api: ApiApp;
let platformToken: string;
let ours: World;
let theirs: World;
let before: string;

beforeAll(async () => {
  api = await openApiWithoutWorker();
  platformToken = await api.createToken();
  const platformIds = await seedPlatform(api);
  theirs = await seedWorld(api, 'canary-of-theirs', platformIds);
  ours = await seedWorld(api, 'canary-of-ours', platformIds);
  before = await stateOfTheirs();
});

afterAll(() => api.close());

/** Everything of theirs that anybody could have changed. */
async function stateOfTheirs(): Promise<string> {
  const { organization, workspace, key, credential, user, service_token, service, usage_event } = theirs.ids;
  const paths = [
    `/api/v1/organizations/${organization}`,
    `/api/v1/workspaces/${workspace}`,
    `/api/v1/workspaces?organization_id=${organization}`,
    `/api/v1/keys/${key}`,
    `/api/v1/keys?organization_id=${organization}`,
    `/api/v1/credentials/${credential}`,
    `/api/v1/credentials?organization_id=${organization}`,
    `/api/v1/llm/users/${user}/byok?organization_id=${organization}`,
    `/api/v1/workspaces/${workspace}/routing`,
    `/api/v1/llm/routing/versions?workspace_id=${workspace}`,
    `/api/v1/llm/routing/versions?organization_id=${organization}`,
    `/api/v1/services/${service}`,
    `/api/v1/services?organization_id=${organization}`,
    `/api/v1/usage/events/${usage_event}`,
    `/api/v1/usage/events?organization_id=${organization}`,
    `/api/v1/service-tokens/${service_token}`,
    `/api/v1/audit-events?organization_id=${organization}`,
  ];
  const answers = await Promise.all(paths.map((path) => api.call('GET', path, { token: platformToken })));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  return JSON.stringify(answers.map(({ body }) => body));
}

function callAsOurs(route: ApiRoute, path: string, body?: object) {
  return api.call(route.method, path, { token: ours.token, ...(body === undefined ? {} : { body }) });
}

function expectNothingOfTheirs(answer: TestResponse<unknown>): void {
  expect(JSON.stringify(answer.body)).not.toContain(theirs.canary);
  expect(answer.status).toBeLessThan(500);
}

function isOfAnOrganization(resource: ResourceName): boolean {
  return !sharedResources.has(resource);
}

const routesWithIds = tokenRoutes.filter((route) => pathResources(route).some(isOfAnOrganization));
const routesWithBodyIds = tokenRoutes.filter(({ body }) => resourceFields(body).length > 0);

describe('with an id of another organization in the path', () => {
  it.each(titled(routesWithIds))('%s is refused', async (_title, route) => {
    const answer = await callAsOurs(route, pathWith(route, theirs.ids), requiredBody(route, ours.ids));
    expect([403, 404]).toContain(answer.status);
    expectNothingOfTheirs(answer);
    expect(flawOf(route, answer)).toBeNull();
  });

  it.each(titled(routesWithIds.filter(({ method }) => method === 'GET')))(
    '%s answers as for an id that does not exist',
    async (_title, route) => {
      const foreign = await callAsOurs(route, pathWith(route, theirs.ids));
      const unknown = await callAsOurs(route, pathWith(route, unknownIds()));
      const comparable = ({ status, body }: TestResponse<unknown>) => ({
        status,
        body: { ...(body as object), request_id: null },
      });
      expect(comparable(foreign)).toEqual(comparable(unknown));
    },
  );
});

/** Well-formed ids of nothing: the last characters are others. */
function unknownIds(): World['ids'] {
  const entries = Object.entries(theirs.ids).map(([name, id]) => [
    name,
    id.slice(0, -4) + (id.endsWith('0000') ? '1111' : '0000'),
  ]);
  return Object.fromEntries(entries) as World['ids'];
}

describe('with an id of another organization in the body', () => {
  it.each(titled(routesWithBodyIds))('%s is refused', async (_title, route) => {
    for (const field of resourceFields(route.body)) {
      const resource = resourceOfField[field];
      if (!resource || !isOfAnOrganization(resource)) continue;
      const body = { ...requiredBody(route, ours.ids), [field]: theirs.ids[resource] };
      const answer = await callAsOurs(route, pathWith(route, ours.ids), body);
      expect([field, [403, 404].includes(answer.status)]).toEqual([field, true]);
      expectNothingOfTheirs(answer);
    }
  });
});

describe('what belongs to the platform', () => {
  const changing = tokenRoutes.filter(
    (route) =>
      route.method !== 'GET' &&
      !isForOrganizations(route) &&
      (pathResources(route).some((resource) => !isOfAnOrganization(resource)) || isOfThePlatform(route)),
  );

  it.each(titled(changing))('%s is refused for an organization', async (_title, route) => {
    const answer = await callAsOurs(route, pathWith(route, ours.ids), requiredBody(route, ours.ids));
    expect([403, 404]).toContain(answer.status);
  });

  it.each(titled(tokenRoutes.filter(isHidden)))(
    '%s is not shown to an organization',
    async (_title, route) => {
      const answer = await callAsOurs(route, pathWith(route, ours.ids));
      expect([403, 404]).toContain(answer.status);
    },
  );
});

function isOfThePlatform({ path }: ApiRoute): boolean {
  return path.startsWith('/api/v1/config/') || path.startsWith('/api/v1/llm/');
}

/** Among the platform's paths, those that are for everybody. */
function isForOrganizations({ path }: ApiRoute): boolean {
  return (
    /^\/api\/v1\/llm\/(users|routing\/versions)\//.test(path) ||
    /^\/api\/v1\/llm\/(test|routing\/replay|routing\/explain)$/.test(path)
  );
}

function isHidden({ method, path }: ApiRoute): boolean {
  return method === 'GET' && path.startsWith('/api/v1/config/');
}

describe('lists', () => {
  const lists = tokenRoutes.filter(
    ({ method, pathParameters }) => method === 'GET' && pathParameters.length === 0,
  );

  it.each(titled(lists))(
    '%s shows nothing of another organization, whatever is filtered for',
    async (_title, route) => {
      expectNothingOfTheirs(await callAsOurs(route, route.path));
      for (const { name } of route.queryParameters) {
        for (const wanted of [...Object.values(theirs.ids), theirs.canary]) {
          const answer = await callAsOurs(route, `${route.path}?${name}=${encodeURIComponent(wanted)}`);
          expectNothingOfTheirs(answer);
        }
      }
    },
  );

  it('show each organization its own', async () => {
    for (const [path, id] of [
      ['/api/v1/keys', ours.ids.key],
      ['/api/v1/credentials', ours.ids.credential],
      ['/api/v1/services', ours.ids.service],
    ] as const) {
      const { body } = await api.call<{ data: { id: string; organization_id: string }[] }>('GET', path, {
        token: ours.token,
      });
      expect(body.data.map((item) => item.id)).toContain(id);
      expect(new Set(body.data.map((item) => item.organization_id))).toEqual(
        new Set([ours.ids.organization]),
      );
    }
  });
});

describe('an organization', () => {
  it('may not make itself another one, nor a token of the platform, nor unblock itself', async () => {
    const call = (method: string, path: string, body: object) =>
      api.call(method, path, { token: ours.token, body });
    const refused = [
      await call('POST', '/api/v1/organizations', { name: 'mine' }),
      await call('POST', '/api/v1/service-tokens', { name: 'x', scopes: ['*'], organization_id: null }),
      await call('PATCH', `/api/v1/organizations/${ours.ids.organization}`, { blocked: false }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it('cannot hand on more than a token has', async () => {
    const narrow = await api.createToken({
      organizationId: ours.ids.organization,
      scopes: ['tokens:write', 'keys:read'],
    });
    const ask = (scopes: string[]) =>
      api.call('POST', '/api/v1/service-tokens', { token: narrow, body: { name: 'x', scopes } });
    expect((await ask(['keys:write'])).status).toBe(403);
    expect((await ask(['*'])).status).toBe(403);
    expect((await ask(['keys:read'])).status).toBe(201);
  });
});

describe('after everything above', () => {
  it('nothing of the other organization has changed, with whole bodies either', async () => {
    for (const route of routesWithIds) {
      await callAsOurs(route, pathWith(route, theirs.ids), wholeBody(route, theirs.ids));
    }
    expect(await stateOfTheirs()).toBe(before);
  });
});
