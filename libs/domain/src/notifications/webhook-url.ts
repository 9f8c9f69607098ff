import { AppError, invalidField } from '@signalbox/common';
import { checkUrl } from '@signalbox/egress';

const lengthMax = 1_000;

function problemOf(text: string): string | null {
  if (text.length > lengthMax) return `must have at most ${lengthMax} characters`;
  if (/[\s\\]/.test(text) || !URL.canParse(text))
    return 'must be a whole URL, such as https://example.com/hooks';
  const url = new URL(text);
  if (!['http:', 'https:'].includes(url.protocol)) return 'must start with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  return url.hash === '' ? null : 'must not contain a fragment';
}

/** @throws validation_failed, or base_url_forbidden where it leads to a private address */
export async function checkWebhookUrl(text: string, allowedHosts: readonly string[]): Promise<void> {
  const message = problemOf(text);
  if (message !== null) {
    throw invalidField('url', message);
  }
  const verdict = await checkUrl(text, { allowedHosts });
  // A name that is not known yet may be known when there is something to send.
  if (verdict.ok || verdict.reason === 'unresolved') return;
  throw new AppError('base_url_forbidden', `url: ${verdict.message}`, {
    fields: [{ field: 'url', message: verdict.message }],
  });
}
