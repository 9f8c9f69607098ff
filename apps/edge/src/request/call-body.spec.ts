import fc from 'fast-check';
import { bodyBytes, type CallBody, lacksUsage, parseCallBody, withModel } from './call-body';

const json = 'application/json';
const parse = (value: unknown): { body: CallBody; bytes: Buffer } => {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { body: parseCallBody(json, bytes), bytes };
};
const read = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));

it.each(['{"model":"demo/\\ud800"}', '{"model":"\\udc00"}', '{"model":"a\\u0000"}'])(
  '%s names no model: nobody could store or send the name',
  (text) => {
    expect(() => parse(text)).toThrow('field_invalid');
  },
);

it('a name may have any whole characters', () => {
  expect(parse({ model: 'demo/\u{1f600} é' }).body.model).toBe('demo/\u{1f600} é');
});

describe('a body for an upstream', () => {
  it('goes on byte for byte where nothing must change', () => {
    const { body, bytes } = parse('{ "model" : "demo",  "seed": 12345678901234567890 }\n');
    expect(bodyBytes(body, bytes, { model: 'demo', asksForUsage: false })).toBe(bytes);
    expect(withModel(body, bytes, 'demo')).toBe(bytes);
  });

  it('has another model, whatever else is in it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ minLength: 1 }), (more, model) => {
        const fields = { ...more, stream: true, messages: [], metadata: {}, extra_body: {}, model: 'demo' };
        const { body, bytes } = parse(fields);
        expect(read(withModel(body, bytes, model))).toEqual(
          read(Buffer.from(JSON.stringify({ ...fields, model }))),
        );
      }),
    );
  });

  it('knows one model only, even if it came with two', () => {
    const { body, bytes } = parse('{"model":"first","model":"second","n":1}');
    expect(withModel(body, bytes, 'other').toString()).toBe('{"model":"other","n":1}');
  });

  it.each([
    [{ model: 'demo', stream: true }, true],
    [{ model: 'demo', stream: true, stream_options: null }, true],
    [{ model: 'demo', stream: true, stream_options: { include_usage: false } }, true],
    [{ model: 'demo', stream: true, stream_options: { include_obfuscation: false } }, true],
    [{ model: 'demo', stream: true, stream_options: { include_usage: true } }, false],
    [{ model: 'demo', stream: true, stream_options: 'yes' }, false],
    [{ model: 'demo', stream: false }, false],
    [{ model: 'demo' }, false],
  ])('%j lacks the demand for usage: %p', (fields, lacks) => {
    expect(lacksUsage('chat_completions', parse(fields).body)).toBe(lacks);
    expect(lacksUsage('completions', parse(fields).body)).toBe(lacks);
    expect(lacksUsage('messages', parse(fields).body)).toBe(false);
    expect(lacksUsage('responses', parse(fields).body)).toBe(false);
  });

  it.each([
    '{"model":"demo","stream":true}',
    '{"model":"demo","stream":true,"x":{"y":"}"}} \r\n',
    '{"model":"demo","stream":true,"stream_options":null}',
    '{"model":"demo","stream":true,"stream_options":{"include_obfuscation":false}}',
  ])('%s asks for usage', (text) => {
    const { body, bytes } = parse(text);
    const before = JSON.parse(text) as { stream_options?: object };
    const stream_options = { ...before.stream_options, include_usage: true };
    expect(read(bodyBytes(body, bytes, { model: 'demo', asksForUsage: true }))).toEqual({
      ...before,
      stream_options,
    });
    expect(read(bodyBytes(body, bytes, { model: 'a/b', asksForUsage: true }))).toEqual({
      ...before,
      model: 'a/b',
      stream_options,
    });
  });

  it('keeps large numbers when only usage is asked for', () => {
    const { body, bytes } = parse('{"model":"demo","stream":true,"seed":12345678901234567890}');
    expect(bodyBytes(body, bytes, { model: 'demo', asksForUsage: true }).toString()).toBe(
      '{"model":"demo","stream":true,"seed":12345678901234567890,"stream_options":{"include_usage":true}}',
    );
  });

  it('keeps large numbers under another model too, with whatever options of a stream', () => {
    const { body, bytes } = parse(
      '{"model":"eco","stream":true,"seed":12345678901234567890,"stream_options":{"include_obfuscation":false}}',
    );
    expect(withModel(body, bytes, 'demo').toString()).toContain('"seed":12345678901234567890');
    expect(bodyBytes(body, bytes, { model: 'demo', asksForUsage: true }).toString()).toBe(
      '{"model":"demo","stream":true,"seed":12345678901234567890,' +
        '"stream_options":{"include_obfuscation":false,"include_usage":true}}',
    );
    const plain = parse('{"model":"eco","stream":true,"seed":12345678901234567890}');
    expect(bodyBytes(plain.body, plain.bytes, { model: 'demo', asksForUsage: true }).toString()).toBe(
      '{"model":"demo","stream":true,"seed":12345678901234567890,"stream_options":{"include_usage":true}}',
    );
  });

  it('may be a form: its file stays as it is', () => {
    const type = 'multipart/form-data; boundary=xyz';
    const form = (model: string): Buffer =>
      Buffer.from(
        `--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nname="model"\r\n\r\nold\r\n` +
          `--xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n--xyz--\r\n`,
      );
    const body = parseCallBody(type, form('old'));
    expect(withModel(body, form('old'), 'openai/whisper-1').toString()).toBe(
      form('openai/whisper-1').toString(),
    );
    expect(() => withModel(body, form('old'), 'a\r\n--xyz')).toThrow('model');
  });
});
