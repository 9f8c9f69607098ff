import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { llmRoutes, matchLlmRoute } from './llm-routes';

const served: [string, string, string][] = [
  ['POST', '/v1/chat/completions', 'chat_completions'],
  ['POST', '/chat/completions', 'chat_completions'],
  ['POST', '/v1/completions', 'completions'],
  ['POST', '/v1/responses', 'responses'],
  ['POST', '/v1/messages', 'messages'],
  ['POST', '/v1/messages/count_tokens', 'count_tokens'],
  ['POST', '/v1/embeddings', 'embeddings'],
  ['POST', '/v1/images/generations', 'image_generations'],
  ['POST', '/images/edits', 'image_edits'],
  ['POST', '/v1/audio/speech', 'audio_speech'],
  ['POST', '/v1/audio/transcriptions', 'audio_transcriptions'],
  ['POST', '/v1/audio/translations', 'audio_translations'],
  ['POST', '/rerank', 'rerank'],
  ['POST', '/v1/moderations', 'moderations'],
  ['GET', '/v1/models', 'models'],
  ['GET', '/models', 'models'],
];

describe('LLM routes', () => {
  it.each(served)('%s %s', (method, path, name) => {
    expect(matchLlmRoute(method, path)).toMatchObject({ kind: 'matched', route: { name } });
  });

  it.each([
    ['/v1/models/gpt-4o', 'gpt-4o'],
    ['/models/openai/gpt-4o', 'openai/gpt-4o'],
    ['/v1/models/openai%2Fgpt-4o', 'openai/gpt-4o'],
  ])('GET %s names a model', (path, id) => {
    expect(matchLlmRoute('GET', path)).toMatchObject({ kind: 'matched', route: { name: 'model' }, id });
  });

  it.each([
    '/',
    '/v1',
    '/key/generate',
    '/v1/key/generate',
    '/model/info',
    '/team/new',
    '/user/info',
    '/spend/logs',
    '/config/update',
    '/messages',
    '/v1/messages/batches',
    '/v1/v1/messages',
    '/v1/chat/completions/',
    '//v1/chat/completions',
    '/v1/models/',
    '/V1/chat/completions',
    '/v1/chat%2Fcompletions',
    '/v1/./chat/completions',
    '/v1/chat/completions/../../../key/generate',
    '/v1/models/%E0%A4%A',
    '/v1/chat/completions;x',
    '/openai/deployments/gpt-4o/chat/completions',
    '/v1/responses/resp_1',
    '/anthropic/v1/messages',
    '/v1/files',
    '/v1/batches',
    '/health',
    '/metrics',
    '/ui',
    '/constructor',
    '/v1/__proto__',
  ])('POST and GET %s are unknown', (path) => {
    expect(matchLlmRoute('POST', path).kind).toBe('unknown');
    expect(matchLlmRoute('GET', path).kind).toBe('unknown');
  });

  it('tell a wrong method', () => {
    expect(matchLlmRoute('GET', '/v1/chat/completions')).toEqual({
      kind: 'wrong_method',
      allowedMethods: ['POST'],
    });
    expect(matchLlmRoute('DELETE', '/v1/models/x')).toEqual({
      kind: 'wrong_method',
      allowedMethods: ['GET'],
    });
  });

  it('are the routes that LiteLLM opens to a signed context', () => {
    const file = join(__dirname, '../../../litellm/llm-routes.json');
    const { routes } = JSON.parse(readFileSync(file, 'utf8')) as {
      routes: { method: string; path: string }[];
    };
    const theirs = routes.map(({ method, path }) => `${method} ${path}`);
    const ours = llmRoutes.flatMap(({ method, path, onlyWithVersionPrefix }) => [
      `${method} /v1${path}`,
      ...(onlyWithVersionPrefix ? [] : [`${method} ${path}`]),
    ]);
    expect([...ours].sort()).toEqual([...theirs].sort());
  });

  it('match nothing that is not in the table', () => {
    const known = new Set(llmRoutes.flatMap(({ path }) => [path, `/v1${path}`]));
    fc.assert(
      fc.property(fc.webPath(), fc.constantFrom('GET', 'POST', 'PUT'), (path, method) => {
        const match = matchLlmRoute(method, path);
        if (match.kind !== 'unknown') expect(known.has(path) || /^(\/v1)?\/models\//.test(path)).toBe(true);
      }),
    );
  });
});
