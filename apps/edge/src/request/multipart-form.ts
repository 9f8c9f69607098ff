/**
 * Reads the text fields of a multipart body, to check them. The body itself is forwarded as it came, so LiteLLM will read it
 * again with another parser (python-multipart): everything that two parsers could read differently is refused here.
 */
export interface MultipartForm {
  /** Text fields by name; a field whose name ends with [] may come several times. */
  fields: Map<string, string>;
  fileNames: string[];
  boundary: string;
}

const lineBreak = '\r\n';
const headersEnd = Buffer.from('\r\n\r\n');
const headersBytesLimit = 8 * 1024;
const fieldBytesLimit = 1024 * 1024;
const partsLimit = 1_000;

const contentType = /^multipart\/form-data\s*;\s*boundary=(?:"([^"\\]{1,70})"|([^\s";,]{1,70}))\s*$/i;
const boundaryText = /^[A-Za-z0-9'_.+=-]+$/;
const disposition =
  /^content-disposition: ?form-data; ?name="([A-Za-z0-9_.[\]-]{1,128})"(; ?filename="[^"\r\n]{0,1024}"(; ?filename\*=[^\r\n;]*)?)?$/i;
const harmlessHeader =
  /^(content-type|content-length): ?[^\r\n]*$|^content-transfer-encoding: ?(binary|8bit|7bit)$/i;

interface Part {
  name: string;
  isFile: boolean;
  content: Buffer;
}

export function boundaryOf(header: string): string | null {
  const match = contentType.exec(header);
  const boundary = match?.[1] ?? match?.[2];
  return boundary && boundaryText.test(boundary) ? boundary : null;
}

function parsePart(bytes: Buffer): Part | null {
  const end = bytes.indexOf(headersEnd);
  if (end < 0 || end > headersBytesLimit) return null;
  const lines = bytes.toString('utf8', 0, end).split(lineBreak);
  const [match, ...more] = lines.map((line) => disposition.exec(line)).filter((found) => found !== null);
  const name = match?.[1];
  // Two names in one part, an encoded body, a folded or unknown header: not what HTTP libraries send.
  const isPlain =
    more.length === 0 && lines.every((line) => disposition.test(line) || harmlessHeader.test(line));
  if (!match || name === undefined || !isPlain) return null;
  return { name, isFile: match[2] !== undefined, content: bytes.subarray(end + headersEnd.length) };
}

/** Splits at the boundaries. null: there is something that is neither a part nor a proper end. */
function splitParts(body: Buffer, boundary: string): Buffer[] | null {
  const opening = Buffer.from(`--${boundary}${lineBreak}`);
  const delimiter = Buffer.from(`${lineBreak}--${boundary}`);
  if (!body.subarray(0, opening.length).equals(opening)) return null;
  const parts: Buffer[] = [];
  let start = opening.length;
  while (parts.length < partsLimit) {
    const end = body.indexOf(delimiter, start);
    if (end < 0) return null;
    parts.push(body.subarray(start, end));
    const after = body.toString('latin1', end + delimiter.length, end + delimiter.length + 2);
    start = end + delimiter.length + 2;
    if (after === '--')
      return ['', lineBreak].includes(body.toString('latin1', start, start + 3)) ? parts : null;
    if (after !== lineBreak) return null;
  }
  return null;
}

/** @returns null when the form is broken or ambiguous */
export function parseMultipartForm(header: string, body: Buffer): MultipartForm | null {
  const boundary = boundaryOf(header);
  const parts = boundary === null ? null : splitParts(body, boundary)?.map(parsePart);
  if (!boundary || !parts) return null;
  const form: MultipartForm = { fields: new Map(), fileNames: [], boundary };
  for (const part of parts) {
    if (!part) return null;
    if (part.isFile) {
      form.fileNames.push(part.name);
      continue;
    }
    const isRepeated = form.fields.has(part.name) && !part.name.endsWith('[]');
    if (isRepeated || part.content.length > fieldBytesLimit) return null;
    form.fields.set(part.name, part.content.toString('utf8'));
  }
  // A file under the name of a text field: which of the two would count?
  return form.fileNames.some((name) => form.fields.has(name)) ? null : form;
}

/** The same form with another value in one text field; everything else stays byte for byte. null: there is no such field. */
export function replaceFormField(boundary: string, body: Buffer, name: string, value: string): Buffer | null {
  if (/[\r\n]/.test(value)) return null;
  const parts = splitParts(body, boundary)?.map(parsePart);
  const part = parts?.find((one) => one?.name === name && !one.isFile);
  if (!part) return null;
  const start = part.content.byteOffset - body.byteOffset;
  const rest = body.subarray(start + part.content.length);
  return Buffer.concat([body.subarray(0, start), Buffer.from(value, 'utf8'), rest]);
}
