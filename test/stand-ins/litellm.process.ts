import type { NamedKey } from '@signalbox/common';
import { chatAnswer } from './provider-answers';
import { LitellmStandIn } from './litellm.stand-in';

/** A message to the process: begin. Its answer is the address. */
export interface LitellmProcessStart {
  keys: readonly NamedKey[];
}

/** Larger ones are read and parsed, and answered shortly: no model says again all that it was given. */
const echoedBytes = 1_000_000;

/** The LiteLLM stand-in in a process of its own, as LiteLLM has one: what the test does holds up no answer. */
async function run({ keys }: LitellmProcessStart): Promise<void> {
  const litellm = await LitellmStandIn.start(keys);
  litellm.behaviourOf = ({ bytes }) => {
    litellm.calls.length = 0;
    if (bytes.length < echoedBytes) return null;
    return {
      kind: 'served',
      serve: ({ model }, response) => {
        const answer = chatAnswer({ model, messages: [] });
        if (answer.kind === 'stream') return Promise.reject(new Error('nobody asks for a stream here'));
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
        return Promise.resolve();
      },
    };
  };
  process.send?.(litellm.baseUrl);
}

process.once('message', (start: LitellmProcessStart) => void run(start));
process.once('disconnect', () => process.exit(0));
