import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Rejects what is torn, too large when unpacked, or packed in a way that nobody asked for. */
export function decodeBody(headers: IncomingHttpHeaders, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (!decoder) return Promise.reject(new Error('unknown content-encoding'));
  return decoder(bytes, { maxOutputLength: maxBytes });
}

export function acceptsEncoding(
  accepted: string | string[] | undefined,
  encoding: string | undefined,
): boolean {
  const wanted = (encoding ?? '').trim().toLowerCase();
  return String(accepted ?? '')
    .toLowerCase()
    .split(',')
    .some((part) => {
      const [name, weight] = part.split(';').map((text) => text.trim());
      return name === wanted && !/^q=0(\.0*)?$/.test(weight ?? '');
    });
}

/**
 * What an upstream is asked to pack its answer with. A stream must stay readable; an answer in one piece is passed on as packed
 * as it came. Only what can be unpacked here is asked for.
 */
export function passedAcceptEncoding(accepted: string | string[] | undefined, isStream: boolean): string {
  if (isStream) return 'identity';
  const known = ['br', 'gzip', 'deflate'].filter((encoding) => acceptsEncoding(accepted, encoding));
  return known.length > 0 ? known.join(', ') : 'identity';
}
