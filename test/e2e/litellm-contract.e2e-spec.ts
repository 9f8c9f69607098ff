import { litellmEndpoints } from '@signalbox/litellm-client';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';

/** LiteLLM serves the contract of the version that runs, also with its documentation switched off. */
describe('the calls of our LiteLLM client', () => {
  let stack: E2eStack;
  let paths: Record<string, Record<string, unknown>>;

  beforeAll(async () => {
    stack = useStack();
    const { status, body } = await stack.litellm.asMaster({ path: '/openapi.json' });
    expect(status).toBe(200);
    ({ paths } = body as { paths: typeof paths });
  });

  it.each(Object.entries(litellmEndpoints))('%s is known to LiteLLM', (_name, { method, path }) => {
    expect(Object.keys(paths[path] ?? {})).toContain(method.toLowerCase());
  });
});
