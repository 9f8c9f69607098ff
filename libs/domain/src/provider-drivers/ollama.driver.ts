import { hasList } from './answer-fields';
import { without } from './base-url-path';
import { httpDriver } from './http.driver';

/** Ollama's own server checks no key; its cloud does on the route in OpenAI's dialect (on /api/tags nobody says so). */
function routeOf(baseUrl: string): string {
  const isCloud = URL.canParse(baseUrl) && /(^|\.)ollama\.com$/.test(new URL(baseUrl).hostname);
  return isCloud ? 'https://ollama.com/v1/models' : `${without(baseUrl, '/v1', '/api')}/api/tags`;
}

export const ollamaDriver = httpDriver({
  kind: 'ollama',
  inference: {
    request: (baseUrl) => ({ method: 'GET', url: routeOf(baseUrl), keyHeader: 'bearer' }),
    isGood: (body) => hasList(body, 'models') || hasList(body, 'data'),
    mayBeOpen: true,
  },
});
