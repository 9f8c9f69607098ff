// Loads Prisma's WASM query engine (npm @prisma/client 5.17.0) over a node-postgres pool.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isConnectionFailure, isConnectionFailureText, unreachableError } from './connection-errors.mjs';
import { createPool, ReadableTypesAdapter } from './postgres-adapter.mjs';

const require = createRequire(import.meta.url);
const { bindAdapter } = require('@prisma/driver-adapter-utils');
const BINDINGS = '@prisma/client/runtime/query_engine_bg.postgresql.js';
const MODULE = '@prisma/client/runtime/query_engine_bg.postgresql.wasm';
const TRACE = '{}';

export class WasmEngine {
  #engine;
  #adapter;
  #pool;
  #server;

  constructor({ datamodel, database, log }) {
    this.#server = { host: database.host, port: database.port };
    this.#pool = createPool(database.poolOptions, (error) => log(`idle connection lost: ${error.message}`));
    this.#adapter = bindAdapter(new ReadableTypesAdapter(this.#pool, { schema: database.schema }));
    const { QueryEngine } = loadBindings();
    const options = { datamodel, logLevel: 'error', logQueries: false };
    this.#engine = new QueryEngine(options, () => undefined, this.#adapter);
  }

  connect() {
    return this.#engine.connect(TRACE);
  }

  /** One question to PostgreSQL, so that a start against an unreachable server fails as Prisma's own engine does. */
  async ping() {
    await this.#pool.query('SELECT 1');
  }

  query(request, transactionId) {
    return this.#answer(() => this.#engine.query(JSON.stringify(request), TRACE, transactionId));
  }

  startTransaction(options) {
    return this.#answer(() => this.#engine.startTransaction(JSON.stringify(options), TRACE));
  }

  commitTransaction(id) {
    return this.#answer(() => this.#engine.commitTransaction(id, TRACE));
  }

  rollbackTransaction(id) {
    return this.#answer(() => this.#engine.rollbackTransaction(id, TRACE));
  }

  poolCounts() {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { open: totalCount, idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
  }

  async close() {
    await this.#pool.end();
  }

  async #answer(call) {
    const answer = JSON.parse(await call());
    if (answer.errors)
      return { ...answer, errors: answer.errors.map((error) => this.#translateError(error)) };
    // startTransaction, commit and rollback answer with the bare error, the rest with a list.
    if (answer.error_code)
      return { errors: [this.#translateError({ error: answer.message, user_facing_error: answer })] };
    if (answer.batchResult) return this.#translateBatch(answer);
    return answer;
  }

  #translateBatch(answer) {
    const failed = answer.batchResult.flatMap((entry) => entry.errors ?? []);
    if (failed.length === 0) return answer;
    return { errors: failed.map((error) => this.#translateError(error)) };
  }

  #translateError(error) {
    const facing = error.user_facing_error ?? {};
    const cause = this.#consumeCause(facing.meta?.id) ?? { code: facing.meta?.code, message: facing.message };
    const isLost = isConnectionFailure(cause) || isConnectionFailureText(String(error.error ?? ''));
    if (isLost) return unreachableError(this.#server);
    const message =
      typeof cause.message === 'string' && facing.meta?.id !== undefined ? cause.message : facing.message;
    return {
      error: error.error ?? message ?? 'unknown engine error',
      user_facing_error: { is_panic: false, ...facing, message, meta: facing.meta ?? {} },
    };
  }

  // The registry keeps every error for ever unless it is emptied here (driver-adapter-utils 5.17, ErrorRegistryInternal).
  #consumeCause(id) {
    if (typeof id !== 'number') return undefined;
    const cause = this.#adapter.errorRegistry.consumeError(id)?.error;
    delete this.#adapter.errorRegistry.registeredErrors[id];
    return cause;
  }
}

function loadBindings() {
  const bindings = require(BINDINGS);
  const module = new WebAssembly.Module(readFileSync(require.resolve(MODULE)));
  const instance = new WebAssembly.Instance(module, { './query_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  return bindings;
}
