import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { E2eStack } from '../../e2e-stack';
import { waitUntil } from '../../wait-until';

const script = join(__dirname, 'openai_client.py');
const timeoutMs = 60_000;

export interface PythonResult {
  chat: { text: string; prompt_tokens: number; route: string; request_id: string };
  stream: { text: string; chunks_without_choices: number };
  stream_with_usage: { prompt_tokens: number[] };
  tools: { name: string; arguments: unknown };
  json_mode: unknown;
  abort: unknown;
  embedding: number;
  responses: string;
  models: string[];
  wrong_key: unknown;
  unknown_model: unknown;
  bad_field: unknown;
}

/** LiteLLM brings OpenAI's SDK for Python along, so its interpreter has it. */
export async function pythonOf(stack: E2eStack): Promise<string> {
  const pid = await waitUntil(() => stack.processes.pidOf('litellm'), {
    deadlineMs: timeoutMs,
    what: 'a running LiteLLM',
  });
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '';
}

export async function runPythonClient(
  python: string,
  { url, key, models }: { url: string; key: string; models: readonly string[] },
): Promise<PythonResult> {
  const options = { env: { PATH: process.env['PATH'], VIRTUAL_KEY: key }, timeout: timeoutMs };
  const { stdout } = await promisify(execFile)(python, [script, `${url}/v1`, ...models], options);
  return JSON.parse(stdout) as PythonResult;
}
