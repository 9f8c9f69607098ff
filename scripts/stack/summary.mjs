import { demoModel, ownVersion } from './status-report.mjs';

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd(),
  );
}

/** Where a store runs: its host and port, without login. */
function place(url) {
  const { hostname, port } = new URL(url);
  return port ? `${hostname}:${port}` : hostname;
}

/** Single quotes around a path for the shell, also when it contains one. */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function curlLines({ urls, files }) {
  const bearer = (file) => `-H "Authorization: Bearer $(cat ${quoted(file)})"`;
  const body = JSON.stringify({ model: demoModel, messages: [{ role: 'user', content: 'Hello' }] });
  return {
    chat: `curl -sS ${urls.edge}/v1/chat/completions ${bearer(files.virtualKey)} -H 'Content-Type: application/json' -d '${body}'`,
    admin: `curl -sS ${urls.api}/api/v1/whoami ${bearer(files.adminToken)}`,
  };
}

function providerLine(providerKeys) {
  const names = Object.keys(providerKeys);
  return names.length > 0
    ? `Provider keys found in the environment, usable as platform credentials: ${names.join(', ')}`
    : 'No provider key in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, OPENROUTER_API_KEY, ...): until one is saved (docs/byok.md), only the demo model answers';
}

/** What is printed when everything answers. */
export function summaryLines({ settings, facts, isDetached }) {
  const { urls, files } = settings;
  const { runnerState, urls: stores, postgresVersion, redis, python } = facts;
  const version = ownVersion(settings.checkout);
  const curl = curlLines(settings);
  return [
    '',
    ...table([
      ['edge (LLM requests)', urls.edge, version],
      ['edge (metrics)', `${urls.metrics}/metrics`, ''],
      ['admin API', urls.api, version],
      ['worker', urls.worker, version],
      ['runner', urls.runner, `Python ${python.version}`],
      [
        'LiteLLM',
        runnerState.active.base_url,
        `${runnerState.active.litellm_version}, ${runnerState.engine} database engine`,
      ],
      ['PostgreSQL', place(stores.databases.owner), postgresVersion],
      [redis.product, place(stores.redis), redis.version],
    ]),
    '',
    ...table([
      ['admin token', files.adminToken],
      ['virtual key', files.virtualKey],
      ['data and logs', settings.dataDir],
      ['API reference', `${urls.api}/api/docs`],
    ]),
    '',
    `  ${providerLine(settings.providerKeys)}`,
    '',
    '  A chat:',
    `  ${curl.chat}`,
    '',
    '  The admin API:',
    `  ${curl.admin}`,
    '',
    isDetached ? '  It runs in the background. Stop it with: npm stop' : '  Ctrl-C stops everything.',
  ];
}
