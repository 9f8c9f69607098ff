import { hasList } from './answer-fields';
import { versioned } from './base-url-path';
import { httpDriver } from './http.driver';

/** The Gemini API answers 400, not 401, to a key that it does not know. */
export const googleDriver = httpDriver({
  kind: 'google',
  inference: {
    request: (baseUrl) => ({
      method: 'GET',
      url: `${baseUrl.endsWith('/v1') ? baseUrl : versioned(baseUrl, 'v1beta')}/models?pageSize=1`,
      keyHeader: 'x-goog-api-key',
    }),
    isGood: (body) => hasList(body, 'models'),
    rules: [
      {
        statuses: [400],
        text: /API_KEY_INVALID/,
        outcome: 'invalid',
        detail: 'The provider refuses the key.',
      },
      {
        statuses: [400],
        text: /User location is not supported/i,
        outcome: 'forbidden',
        detail: 'Google does not serve the region from which we ask.',
      },
      {
        statuses: [403],
        text: /SERVICE_DISABLED/,
        outcome: 'forbidden',
        detail: "The key exists, but the Generative Language API is not enabled in the key's project.",
      },
      {
        statuses: [403],
        text: /API_KEY_(SERVICE|HTTP_REFERRER|IP_ADDRESS|ANDROID_APP|IOS_APP)_BLOCKED/,
        outcome: 'forbidden',
        detail: "The key exists, but its restrictions do not allow this: see the key's settings at Google.",
      },
      {
        statuses: [403],
        text: /reported as leaked/i,
        outcome: 'forbidden',
        detail: 'Google blocked the key because it was found in public. Make a new one.',
      },
    ],
  },
});
