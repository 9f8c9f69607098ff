import { newId } from '@signalbox/common';
import { providerKinds } from '@signalbox/domain/providers';
import { parseManualName } from './manual-name';

describe('names of keys that people keep by hand', () => {
  test.each(Object.keys(providerKinds))('%s in capitals is a key of that kind', (kind) => {
    expect(parseManualName(kind.toUpperCase())).toEqual({ kind, workspaceId: null });
  });

  test('a workspace is named by its id', () => {
    const workspaceId = newId('workspace');
    const name = `OPENAI_COMPATIBLE__${workspaceId.slice(3).toUpperCase()}`;
    expect(parseManualName(name)).toEqual({ kind: 'openai_compatible', workspaceId });
  });

  test.each([
    '',
    'openai',
    'OPENAI_API_KEY',
    'OPENAI__',
    'OPENAI__X',
    'OPENAI__A__B',
    'TOSTRING',
    '__PROTO__',
  ])('%j is none of them', (name) => {
    expect(parseManualName(name)).toBeNull();
  });
});
