import { ConfigError, loadApiConfig, loadEdgeConfig } from './index';

const key = Buffer.alloc(32, 7).toString('base64url');
const edge = {
  REDIS_URL: 'redis://localhost:6379',
  SIGNALBOX_INTERNAL_TOKEN: 'internal-token-0123456789',
  SIGNALBOX_CONTEXT_SIGNING_KEYS: `k1:${key},k0:${key}`,
};

function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  throw new Error('the environment was accepted');
}

describe('the environment', () => {
  it('becomes a frozen object with defaults', () => {
    const config = loadEdgeConfig(edge);
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4000, redisPrefix: 'sb', exitWithParent: false });
    expect(config.contextSigningKeys.map(({ kid }) => kid)).toEqual(['k1', 'k0']);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports every problem at once, by name', () => {
    const problems = problemsOf(() => loadApiConfig({ REDIS_URL: 'http://x', SIGNALBOX_API_PORT: '70000' }));
    expect(problems.join('\n')).toMatch(/REDIS_URL: must be a URL.*redis/);
    expect(problems.join('\n')).toMatch(/SIGNALBOX_API_PORT/);
    expect(problems.join('\n')).toMatch(/APP_DATABASE_URL is not set/);
  });

  it('never shows a value', () => {
    const problems = problemsOf(() =>
      loadEdgeConfig({
        ...edge,
        SIGNALBOX_CONTEXT_SIGNING_KEYS: 'k1:tooshort-secret',
        SIGNALBOX_INTERNAL_TOKEN: 'hush',
      }),
    );
    expect(problems).toHaveLength(2);
    expect(problems.join('\n')).not.toMatch(/tooshort|hush/);
  });

  it('treats an empty variable as not set', () => {
    expect(loadEdgeConfig({ ...edge, SIGNALBOX_EDGE_PORT: '' }).port).toBe(4000);
  });
});
