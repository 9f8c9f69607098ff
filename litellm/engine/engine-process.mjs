// Start and end of the engine process.
import { readFileSync } from 'node:fs';
import { parseDatabaseUrl } from './database-url.mjs';
import { createEngineServer } from './engine-server.mjs';
import { parsePrismaSchema } from './prisma-schema.mjs';
import { WasmEngine } from './wasm-engine.mjs';

const PARENT_CHECK_MS = 500;
// LiteLLM sends SIGKILL 500 ms after SIGTERM (litellm/proxy/db/prisma_client.py, _kill_engine_process).
const CLOSE_TIMEOUT_MS = 300;

export async function runEngine(args, env) {
  const port = Number(args[args.indexOf('-p') + 1]);
  const datamodel = readFileSync(env.PRISMA_DML_PATH, 'utf8');
  const database = parseDatabaseUrl(databaseUrl(env));
  const engine = new WasmEngine({ datamodel, database, log });
  endWithParent(engine);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(engine, 0));
  try {
    await Promise.all([engine.connect(), engine.ping()]);
  } catch (error) {
    log(`cannot reach the database at ${database.host}:${database.port}: ${error.message || error.code}`);
    process.exit(1);
  }
  const server = createEngineServer({ engine, models: parsePrismaSchema(datamodel), server: database });
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

// prisma-client-py ends its engine in an atexit handler, which a killed LiteLLM never reaches.
function endWithParent(engine) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end(engine, 0);
  }, PARENT_CHECK_MS).unref();
}

function end(engine, code) {
  setTimeout(() => process.exit(code), CLOSE_TIMEOUT_MS);
  engine.close().finally(() => process.exit(code));
}

function log(message) {
  process.stderr.write(`query-engine: ${message}\n`);
}
