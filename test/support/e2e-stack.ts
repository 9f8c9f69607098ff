import { readFileSync } from 'node:fs';
import { AdminApi } from './e2e/admin-api';
import { ChatClient } from './e2e/chat-client';
import { LitellmDirect } from './e2e/litellm-direct';
import { StackProcesses } from './e2e/stack-processes';
import { statusFile, type StackFacts } from './e2e/stack-facts';
import { StackStores } from './e2e/stack-stores';

/** One running Signalbox, and a way to each of its doors. */
export interface E2eStack {
  facts: StackFacts;
  /** As the platform's first service token. */
  api: AdminApi;
  chat: ChatClient;
  litellm: LitellmDirect;
  processes: StackProcesses;
  stores: StackStores;
  /** Ends what this object itself opened; the stack goes on. */
  close(): Promise<void>;
}

function readFacts(): StackFacts {
  const path = process.env['SIGNALBOX_E2E_STATUS_FILE'];
  if (!path) {
    throw new Error(
      'SIGNALBOX_E2E_STATUS_FILE is not set: run these tests by `npm test -- e2e`, which starts a stack',
    );
  }
  return statusFile.parse(JSON.parse(readFileSync(path, 'utf8')));
}

export function readSecretFile(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

export function openStack(): E2eStack {
  const facts = readFacts();
  const processes = new StackProcesses(facts);
  const stores = new StackStores(facts);
  const chat = new ChatClient(facts.edge_url);
  return {
    facts,
    api: new AdminApi(facts.api_url, readSecretFile(facts.admin_token_file)),
    chat,
    litellm: new LitellmDirect(facts, processes),
    processes,
    stores,
    close: async () => {
      await Promise.all([chat.close(), stores.close()]);
    },
  };
}
