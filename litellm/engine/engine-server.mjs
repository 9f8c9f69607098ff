// The HTTP protocol between prisma-client-py and its query engine.
import { createServer } from 'node:http';
import { engineError, isConnectionFailure, unreachableError } from './connection-errors.mjs';
import { metricsJson, metricsText } from './engine-metrics.mjs';
import { translateQuery } from './query-translation.mjs';
import { translateResult } from './result-translation.mjs';

// Longer than any pause of httpx, so that it never writes into a connection that is just being closed.
const KEEP_ALIVE_TIMEOUT_MS = 120_000;
const TRANSACTION_PATH = /^\/transaction\/([^/]+)\/(commit|rollback)$/;

export function createEngineServer({ engine, models, server, onPanic }) {
  const context = { engine, models };
  const answerError = (error) => {
    if (error instanceof WebAssembly.RuntimeError) onPanic(error);
    return {
      body: { errors: [isConnectionFailure(error) ? unreachableError(server) : engineError(error.message)] },
    };
  };
  const http = createServer((request, response) => {
    void handle(context, request)
      .catch(answerError)
      .then((answer) => send(response, answer));
  });
  http.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  return http;
}

async function handle({ engine, models }, request) {
  const url = new URL(request.url, 'http://engine');
  if (request.method === 'GET') return handleGet(engine, url);
  const text = await readBody(request);
  if (url.pathname === '/')
    return { body: await runQuery(engine, models, JSON.parse(text), transactionOf(request)) };
  if (url.pathname === '/transaction/start')
    return { body: await engine.startTransaction(toTransactionOptions(text)) };
  const found = TRANSACTION_PATH.exec(url.pathname);
  if (found === null) return { status: 404, body: { error: 'not found' } };
  const [, id, action] = found;
  return {
    body: action === 'commit' ? await engine.commitTransaction(id) : await engine.rollbackTransaction(id),
  };
}

function handleGet(engine, url) {
  if (url.pathname === '/status') return { body: { status: 'ok' } };
  if (url.pathname !== '/metrics') return { status: 404, body: { error: 'not found' } };
  const counts = engine.poolCounts();
  return url.searchParams.get('format') === 'json'
    ? { body: metricsJson(counts) }
    : { text: metricsText(counts) };
}

async function runQuery(engine, models, body, transactionId) {
  if (body.batch) return runBatch(engine, models, body, transactionId);
  const request = translateQuery(body.query, models);
  return translateResult(await engine.query(request, transactionId), request.action);
}

async function runBatch(engine, models, body, transactionId) {
  const batch = body.batch.map((entry) => translateQuery(entry.query, models));
  const request = { batch, transaction: body.transaction ? {} : undefined };
  const answer = await engine.query(request, transactionId);
  if (answer.errors) return answer;
  return {
    batchResult: answer.batchResult.map((entry, index) => translateResult(entry, batch[index].action)),
  };
}

function toTransactionOptions(text) {
  const { max_wait, timeout, isolation_level } = JSON.parse(text || '{}');
  return {
    max_wait: max_wait ?? 2000,
    timeout: timeout ?? 5000,
    isolation_level: isolation_level ?? undefined,
  };
}

function transactionOf(request) {
  return request.headers['x-transaction-id'];
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response, { status = 200, body, text }) {
  const payload = text ?? JSON.stringify(body);
  response.writeHead(status, { 'content-type': text === undefined ? 'application/json' : 'text/plain' });
  response.end(payload);
}
