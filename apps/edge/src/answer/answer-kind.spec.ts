import { gzipSync } from 'node:zlib';
import { answerKind, lackedField } from './answer-kind';
import { acceptsEncoding, decodeBody } from './body-decoding';

const kind = (routeName: string, isStream: boolean, type?: string, encoding?: string): string =>
  answerKind({ routeName, isStream }, { 'content-type': type, 'content-encoding': encoding });

describe('how a body is read', () => {
  it.each([
    ['chat_completions', true, 'text/event-stream; charset=utf-8', 'events'],
    ['chat_completions', true, 'application/json', 'json_instead'],
    ['chat_completions', true, 'text/plain', 'wrong'],
    ['chat_completions', true, undefined, 'wrong'],
    ['chat_completions', false, 'application/json; charset=utf-8', 'json'],
    ['chat_completions', false, 'application/problem+json', 'json'],
    ['chat_completions', false, 'text/event-stream', 'wrong'],
    ['messages', false, 'text/html', 'wrong'],
    ['embeddings', true, 'application/json', 'json'],
    ['audio_speech', false, 'audio/mpeg', 'bytes'],
    ['audio_speech', false, 'application/octet-stream', 'bytes'],
    ['audio_speech', false, 'application/json', 'json_instead'],
    ['audio_speech', false, 'text/event-stream', 'events'],
    ['audio_speech', false, 'text/html', 'wrong'],
    ['audio_transcriptions', false, 'text/plain; charset=utf-8', 'text'],
    ['audio_transcriptions', false, 'text/vtt', 'text'],
    ['audio_translations', false, 'application/x-subrip', 'text'],
    ['audio_transcriptions', false, 'text/html', 'wrong'],
    ['audio_transcriptions', false, 'application/json', 'json'],
    ['image_generations', true, 'text/event-stream', 'events'],
    ['image_generations', true, 'application/json', 'json'],
    ['rerank', false, 'text/event-stream', 'wrong'],
  ])('%s, stream %p, %s: %s', (route, isStream, type, expected) => {
    expect(kind(route, isStream, type)).toBe(expected);
  });

  it('compressed events could not be watched', () => {
    expect(kind('chat_completions', true, 'text/event-stream', 'gzip')).toBe('wrong');
    expect(kind('chat_completions', true, 'text/event-stream', 'identity')).toBe('events');
    expect(kind('chat_completions', false, 'application/json', 'gzip')).toBe('json');
  });

  it('says nothing without what its route is for', () => {
    expect(lackedField('chat_completions', { detail: 'x' })).toBe('choices');
    expect(lackedField('chat_completions', { choices: [] })).toBe('choices');
    expect(lackedField('chat_completions', { choices: [{}] })).toBeNull();
    expect(lackedField('embeddings', { data: [] })).toBeNull();
    expect(lackedField('moderations', {})).toBeNull();
  });
});

describe('a packed body', () => {
  it('is unpacked up to a limit', async () => {
    const packed = gzipSync(Buffer.alloc(10_000));
    expect(await decodeBody({ 'content-encoding': 'GZIP' }, packed, 10_000)).toHaveLength(10_000);
    await expect(decodeBody({ 'content-encoding': 'gzip' }, packed, 9_999)).rejects.toThrow('larger than');
    await expect(decodeBody({ 'content-encoding': 'gzip' }, packed.subarray(0, 20), 10_000)).rejects.toThrow(
      'unexpected end',
    );
    await expect(decodeBody({ 'content-encoding': 'toString' }, packed, 10_000)).rejects.toThrow('unknown');
  });

  it.each([
    ['gzip, deflate, br', 'gzip', true],
    ['GZIP;q=0.5', 'gzip', true],
    ['gzip;q=0', 'gzip', false],
    ['br', 'gzip', false],
    ['identity', 'gzip', false],
    [undefined, 'gzip', false],
  ])('accept-encoding %p takes %s: %p', (accepted, encoding, takes) => {
    expect(acceptsEncoding(accepted, encoding)).toBe(takes);
  });
});
