import { parseImportFile } from './import-file';

describe('a file of tokens', () => {
  it('has one record per line, with numbers for people', () => {
    const text = [
      '{"organization_id":null,"provider":"openai","token":"t1"}',
      '',
      '{"organization_id":"org_1","workspace_id":"ws_1","user_id":null,"provider":"groq","token":"t2","name":"main"}\r',
    ].join('\n');
    expect(parseImportFile(text)).toEqual([
      {
        number: 1,
        content: expect.objectContaining({ organizationId: undefined, provider: 'openai', name: null }),
      },
      {
        number: 3,
        content: expect.objectContaining({ organizationId: 'org_1', workspaceId: 'ws_1', userId: undefined }),
      },
    ]);
  });

  it.each([
    ['no JSON gAAAAAhush', 'the whole line'],
    ['["gAAAAAhush"]', 'the whole line'],
    ['{"provider":"openai","token":"gAAAAAhush"}', 'organization_id'],
    ['{"organization_id":null,"provider":7,"token":"gAAAAAhush"}', 'provider'],
    // A field that is mistyped would make it the key of somebody else.
    [
      '{"organization_id":"org_1","workspaceid":"ws_1","provider":"openai","token":"gAAAAAhush"}',
      'the whole line',
    ],
  ])('says of %s what is wrong, and not what stands there', (line, field) => {
    const [parsed] = parseImportFile(line);
    expect(parsed?.content).toContain(field);
    expect(parsed?.content).not.toContain('hush');
  });
});
