import { routingPolicy } from '../routing-policy';
import { affinityKeyOf } from './affinity-key';

const policy = routingPolicy.parse({ session_affinity: 'session' });
const keyOf = (header: string | undefined, fields: Record<string, unknown>, workspaceId = 'ws_1') =>
  affinityKeyOf(policy, workspaceId, header, fields);

it('is none where the policy does not ask for it, or nothing is said', () => {
  expect(affinityKeyOf(routingPolicy.parse({}), 'ws_1', 'a', {})).toBeNull();
  for (const fields of [{}, { session_id: '' }, { session_id: 7 }, { metadata: null }, { metadata: [] }])
    expect(keyOf(undefined, fields)).toBeNull();
});

it('is the same wherever a session is named, and the last place counts', () => {
  const expected = keyOf('a', {});
  expect(keyOf('x', { session_id: 'a' })).toBe(expected);
  expect(keyOf('x', { session_id: 'x', metadata: { session_id: 'a' } })).toBe(expected);
  const all = { session_id: 'x', metadata: { session_id: 'x' }, prompt_cache_key: 'a' };
  expect(keyOf('x', all)).toBe(expected);
});

it('tells nothing of the name, and differs between workspaces', () => {
  const key = keyOf('anna@example.com', {});
  expect(key).toMatch(/^[0-9a-f]{24}$/);
  expect(keyOf('anna@example.com', {}, 'ws_2')).not.toBe(key);
  expect(keyOf('x'.repeat(100_000), {})).toHaveLength(24);
});
