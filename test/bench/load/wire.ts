/** As little HTTP/1.1 as a benchmark needs: what is measured must not be the parser of the one who measures. */
export interface ParsedAnswer {
  status: number;
  /** Where the answer ends in the bytes; the next one begins there. */
  end: number;
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

export function contentLengthOf(head: string): number | null {
  const match = /\r\ncontent-length: *(\d+)/i.exec(head);
  return match ? Number(match[1]) : null;
}

/** @returns null while the answer is not complete */
export function parseAnswer(bytes: Buffer): ParsedAnswer | null {
  const at = bytes.indexOf(headEnd);
  if (at === -1) return null;
  const head = bytes.toString('latin1', 0, at);
  const status = Number(head.slice(9, 12));
  const bodyAt = at + headEnd.length;
  const length = contentLengthOf(head);
  if (length !== null) return bytes.length >= bodyAt + length ? { status, end: bodyAt + length } : null;
  // Chunked: the last chunk of JSON or of a stream is always written alone or at the end.
  return bytes.subarray(-lastChunk.length).equals(lastChunk) ? { status, end: bytes.length } : null;
}

export interface BenchTarget {
  host: string;
  port: number;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export function requestBytes({ host, port, path, headers, body }: BenchTarget): Buffer {
  const lines = Object.entries({
    host: `${host}:${port}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
