import { invalidField } from '@signalbox/common';

const lengthMax = 512;

function problemOf(text: string): string | null {
  if (text.length > lengthMax) return `must have at most ${lengthMax} characters`;
  if (!URL.canParse(text)) return 'must be a whole URL, such as http://127.0.0.1:8000/v1';
  const url = new URL(text);
  if (!['http:', 'https:'].includes(url.protocol)) return 'must start with http:// or https://';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (url.search !== '' || url.hash !== '') return 'must not contain a query or a fragment';
  // A URL that parses may still carry control characters, which the parser drops silently.
  if (/[\s\\]/.test(text)) return 'must not contain spaces, line breaks or backslashes';
  return null;
}

/** @returns the URL without a slash at its end, since LiteLLM joins paths by plain concatenation */
export function checkBaseUrl(text: string, field = 'base_url'): string {
  const problem = problemOf(text);
  if (problem === null) return text.replace(/\/+$/, '');
  throw invalidField(field, problem);
}
