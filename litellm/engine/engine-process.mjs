// Start and end of the engine process.
import { readFileSync } from 'node:fs';
import { parseDatabaseUrl } from './database-url.mjs';
import { createEngineServer } from './engine-server.mjs';
import { onParentDeath } from './parent-watch.mjs';
import { parsePrismaSchema } from './prisma-schema.mjs';
import { WasmEngine } from './wasm-engine.mjs';

// LiteLLM sends SIGKILL 500 ms after SIGTERM (litellm/proxy/db/prisma_client.py, _kill_engine_process).
const CLOSE_TIMEOUT_MS = 300;

export async function runEngine(args, env) {
  const port = Number(args[args.indexOf('-p') + 1]);
  const datamodel = readFileSync(env.PRISMA_DML_PATH, 'utf8');
  const database = parseDatabaseUrl(databaseUrl(env));
  const engine = new WasmEngine({ datamodel, database, log });
  onParentDeath(() => end(engine, 0));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(engine, 0));
  try {
    await Promise.all([engine.connect(), engine.ping()]);
  } catch (error) {
    log(`cannot reach the database at ${database.host}:${database.port}: ${error.message || error.code}`);
    process.exit(1);
  }
  const models = parsePrismaSchema(datamodel);
  const server = createEngineServer({ engine, models, server: database, onPanic: endAfterPanic });
  server.on('error', (error) => {
    log(`cannot listen on port ${port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(port, '127.0.0.1');
}

function databaseUrl(env) {
  const overrides = JSON.parse(env.OVERWRITE_DATASOURCES || '[]');
  const url = overrides[0]?.url ?? env.DATABASE_URL;
  if (!url) {
    log('DATABASE_URL is not set');
    process.exit(1);
  }
  return url;
}

// A WASM module that trapped answers nothing any more. LiteLLM watches its engine and starts another.
function endAfterPanic(error) {
  log(`the engine trapped: ${error.message}`);
  process.exit(1);
}

function end(engine, code) {
  setTimeout(() => process.exit(code), CLOSE_TIMEOUT_MS);
  engine.close().finally(() => process.exit(code));
}

function log(message) {
  process.stderr.write(`query-engine: ${message}\n`);
}
