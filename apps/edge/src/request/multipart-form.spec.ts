import fc from 'fast-check';
import { boundaryOf, parseMultipartForm } from './multipart-form';

const header = 'multipart/form-data; boundary=BOUND';

function part(headers: string, content: string): string {
  return `--BOUND\r\n${headers}\r\n\r\n${content}\r\n`;
}
const field = (name: string, value: string): string =>
  part(`Content-Disposition: form-data; name="${name}"`, value);
const file = (name: string): string =>
  part(
    `Content-Disposition: form-data; name="${name}"; filename="a.wav"\r\nContent-Type: audio/wav`,
    'RIFF\r\n--BOUN\r\n',
  );
const form = (...parts: string[]): Buffer => Buffer.from(`${parts.join('')}--BOUND--\r\n`, 'latin1');

describe('a form', () => {
  it('gives its fields and the names of its files', () => {
    const parsed = parseMultipartForm(
      header,
      form(field('model', 'demo'), file('file'), field('language', 'en')),
    );
    expect(parsed).toEqual({
      fields: new Map([
        ['model', 'demo'],
        ['language', 'en'],
      ]),
      fileNames: ['file'],
      boundary: 'BOUND',
    });
  });

  it('may repeat a list and files', () => {
    const body = form(field('t[]', 'word'), field('t[]', 'segment'), file('image[]'), file('image[]'));
    expect(parseMultipartForm(header, body)?.fileNames).toEqual(['image[]', 'image[]']);
  });

  it('as fetch writes it', async () => {
    const data = new FormData();
    data.set('model', 'demo ü');
    data.set('file', new Blob(['x']), 'é "quoted".wav');
    const response = new Response(data);
    const type = response.headers.get('content-type') ?? '';
    const parsed = parseMultipartForm(type, Buffer.from(await response.arrayBuffer()));
    expect([parsed?.fields.get('model'), parsed?.fileNames]).toEqual(['demo ü', ['file']]);
  });

  const model = field('model', 'demo');
  it.each<[string, Buffer | string]>([
    ['a doubled field', form(model, field('model', 'secret'))],
    ['a field that is a file too', form(model, file('model'))],
    ['a text before the first part', `preamble\r\n${form(model).toString('latin1')}`],
    ['no end', `${model}--BOUND`],
    ['text after the end', `${form(model).toString('latin1')}--BOUND\r\nmore`],
    ['padding at a boundary', form(model).toString('latin1').replace('--BOUND--', '--BOUND \r\n')],
    ['bare line feeds', form(model).toString('latin1').replaceAll('\r\n', '\n')],
    ['two names', form(part('Content-Disposition: form-data; name="x"; name="model"', 'demo'))],
    ['an encoded name', form(part("Content-Disposition: form-data; name*=utf-8''model", 'demo'))],
    ['a name without quotes', form(part('Content-Disposition: form-data; name=model', 'demo'))],
    [
      'two dispositions',
      form(
        part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="model"', 'x'),
      ),
    ],
    ['a folded header', form(part('Content-Disposition: form-data;\r\n name="model"', 'demo'))],
    ['an unknown header', form(part('Content-Disposition: form-data; name="model"\r\nX-Name: y', 'demo'))],
    [
      'an encoded body',
      form(
        part('Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64', 'ZGVtbw=='),
      ),
    ],
    ['no headers', '--BOUND\r\n\r\ndemo\r\n--BOUND--\r\n'],
    ['nothing', ''],
  ])('with %s is refused', (_name, body) => {
    expect(parseMultipartForm(header, Buffer.isBuffer(body) ? body : Buffer.from(body, 'latin1'))).toBeNull();
  });

  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;boundary="a b"', null],
    ['multipart/form-data; boundary="===123=="', '===123=='],
    ['multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk', '----WebKitFormBoundary7MA4YWxk'],
    ['multipart/form-data; boundary=a; boundary=b', null],
    ['multipart/form-data; charset=utf-16; boundary=a', null],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=', null],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, null],
  ])('has the boundary of %j: %p', (text, boundary) => expect(boundaryOf(text)).toBe(boundary));

  it('never throws, and never shows a model that is not there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = parseMultipartForm(header, Buffer.from(`--BOUND\r\n${text}`, 'latin1'));
        if (parsed) expect(text).toContain('name=');
      }),
    );
  });
});
