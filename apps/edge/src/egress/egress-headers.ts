import type { IncomingHttpHeaders } from 'node:http';

/** Of one connection only (RFC 9110, 7.6.1), and `expect`, which the server has answered already. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** Not for strangers, and not from them. */
const notPassed = new Set(['host', 'cookie', 'set-cookie', 'set-cookie2', 'forwarded']);
const notPassedPrefix = /^x-(signalbox|forwarded|litellm)-/;

export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isLeftOut =
      hopByHop.has(name) || notPassed.has(name) || named.has(name) || notPassedPrefix.test(name);
    if (value !== undefined && !isLeftOut) passed[name] = value;
  }
  return passed;
}
