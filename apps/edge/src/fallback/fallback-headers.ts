import { directProvider, type FallbackWay, type LlmRoute } from '@signalbox/gateway';
import { passedAcceptEncoding } from '../answer/body-decoding';

export interface FallbackHeadersInput {
  readonly way: Pick<FallbackWay, 'via' | 'provider'>;
  readonly route: LlmRoute;
  readonly contentType: string;
  readonly isStream: boolean;
  readonly secret: string | null;
  readonly clientHeaders: Readonly<Record<string, string | string[] | undefined>>;
  readonly version: string;
}

const defaultAnthropicVersion = '2023-06-01';
/** Its value goes to a third party: what is no list of plain names stays behind. */
const plainList = /^[\w.,: -]{1,512}$/;

/** OpenRouter shows it to whoever owns the key. There is no site of that name (RFC 2606): only the title is meant to be read. */
const attribution = { 'http-referer': 'https://signalbox.invalid', 'x-openrouter-title': 'Signalbox' };

function anthropicHeaders(clientHeaders: FallbackHeadersInput['clientHeaders']): Record<string, string> {
  const plain = (name: string): string | null => {
    const value = clientHeaders[name];
    return typeof value === 'string' && plainList.test(value) ? value : null;
  };
  const beta = plain('anthropic-beta');
  return {
    'anthropic-version': plain('anthropic-version') ?? defaultAnthropicVersion,
    ...(beta === null ? {} : { 'anthropic-beta': beta }),
  };
}

function keyHeader({ way, secret }: FallbackHeadersInput): Record<string, string> {
  if (secret === null) return {};
  const isPlain = way.via === 'direct' && directProvider(way.provider)?.keyHeader === 'x-api-key';
  return isPlain ? { 'x-api-key': secret } : { authorization: `Bearer ${secret}` };
}

/** Of the client's own headers only those of Anthropic's dialect go on: names of people, cookies and keys stay here. */
export function fallbackHeaders(input: FallbackHeadersInput): Record<string, string> {
  const { way, route, contentType, clientHeaders, isStream, version } = input;
  return {
    'content-type': contentType,
    'accept-encoding': passedAcceptEncoding(clientHeaders['accept-encoding'], isStream),
    'user-agent': `signalbox/${version}`,
    ...(route.dialect === 'anthropic' ? anthropicHeaders(clientHeaders) : {}),
    ...(way.via === 'openrouter' ? attribution : {}),
    ...keyHeader(input),
  };
}
