import { directProvider } from '@signalbox/gateway';
import { providerKindNames, providerKinds } from '@signalbox/domain/providers';

type Row = readonly string[];

/** As prettier lays tables out. */
function table(head: Row, rows: readonly Row[]): string {
  const widths = head.map((title, index) =>
    Math.max(3, title.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: Row): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
const yesNo = (value: boolean | null): string => (value === null ? 'not known' : value ? 'yes' : 'no');
const entries = providerKindNames.map((kind) => [kind, providerKinds[kind]] as const);
const callable = entries.filter(([, { probe }]) => probe.keyRequest !== null);

function kindsTable(): string {
  const rows = entries.map(([kind, entry]) => {
    const prefixes = new Set([entry.litellmPrefix ?? '', ...Object.values(entry.litellmPrefixByMode)]);
    return [
      code(kind),
      `[${entry.title}](${entry.referenceUrl ?? entry.docsUrl})`,
      entry.dialect,
      [...prefixes].filter(Boolean).map(code).join(', ') || 'in the upstream model',
      entry.vendorBaseUrl === null
        ? entry.baseUrl === 'required'
          ? 'yours'
          : ''
        : code(entry.vendorBaseUrl),
      code(entry.environmentVariable ?? ''),
    ];
  });
  return table(['kind', 'provider', 'speaks', "LiteLLM's prefix", 'address', 'platform key from'], rows);
}

function keysTable(): string {
  const rows = callable.map(([kind, { keyFormat, probe }]) => [
    code(kind),
    keyFormat.hint,
    code(probe.keyRequest ?? ''),
    code(probe.liveness?.request ?? ''),
  ]);
  return table(['kind', 'how its keys look', 'asked with a key', 'asked without one'], rows);
}

function directTable(): string {
  const rows = callable.map(([kind]) => {
    const routes = [...(directProvider(kind)?.routes ?? [])];
    const shown = routes.length === 0 ? 'through LiteLLM only' : routes.map(code).join(', ');
    return [
      code(kind),
      kind === 'openrouter' ? 'as the way around LiteLLM: [failover.md](failover.md)' : shown,
    ];
  });
  return table(['kind', 'reached while LiteLLM is down, on'], rows);
}

function errorsTable(): string {
  const rows = entries.flatMap(([kind, { errors }]) =>
    errors.map(({ when, status, code: word, message, reads }) => [
      code(kind),
      when,
      String(status),
      [word === null ? '' : code(word), message ?? ''].filter(Boolean).join(': '),
      code(reads),
    ]),
  );
  return table(['kind', 'when', 'status', 'in its words', 'reads as'], rows);
}

function dataTable(): string {
  const rows = entries.map(([kind, { data }]) => [
    code(kind),
    yesNo(data.zeroDataRetention),
    yesNo(data.trainsOnData),
    data.remark + (data.source === null ? '' : ` ([source](${data.source}))`),
  ]);
  return table(['kind', 'keeps nothing', 'trains on data', 'remark'], rows);
}

function remarks(): string {
  return entries
    .filter(([, { remark }]) => remark !== null)
    .map(([kind, { remark }]) => `- ${code(kind)}: ${remark}`)
    .join('\n');
}

/** docs/providers.md, from the matrix. */
export function providersPage(): string {
  return `# Providers

<!-- Made from libs/gateway/src/providers: npm run docs:providers -->

Every kind of provider that Signalbox knows. This page is made from the table that releases, checks of keys, the edge's direct ways and the
API (\`GET /api/v1/llm/provider-kinds\`) read, and test/e2e/providers.e2e-spec.ts drives the real LiteLLM with each kind: a plain answer, a
stream, a prompt that is too long, a refused key, a rate limit.

${kindsTable()}

${remarks()}

A base URL is given as the vendor documents it. Where LiteLLM wants another one (the whole address of the route for \`cohere\`, a version at
the end for \`google\`), the release writes that. A customer's own base URL is treated likewise when its key is handed out; at Cohere it serves chats only.

## Keys and checks

Forms of keys change: they are hints for whoever types, and never a reason to refuse one. What is asked costs nothing; what its answers mean is
in [credentials.md](credentials.md#how-each-provider-is-asked).

${keysTable()}

\`POST /api/v1/llm/test\` asks at once: with \`api_key\` for a key in hand, with \`credential_id\` for a saved one; with \`provider\` (saved) or \`kind\` and
\`base_url\` (not saved) alone, for platform tokens, with the platform's own key, or where there is none, whether the server is there.

## Direct

${directTable()}

## Errors

How the edge reads what a provider says, and so what follows ([failover.md](failover.md#what-moves-a-request-on)): a limit is no dead key, and a mistake of
the client moves nobody on. A test holds each row against the edge's own reading.

${errorsTable()}

## Data

What the vendors' documents say of a plain account at their own address; of any other address nothing is taken for granted. An admin's word
(the facts of a provider, model or deployment) is stronger. A data rule of a policy lets only pass what is known to fit.

${dataTable()}

## Health

\`GET /api/v1/llm/providers\` shows the health of each provider, \`GET /api/v1/llm/providers/{id}/health\` what it was concluded from. The worker looks each
minute, and no figure is older than 5 minutes; if no worker runs, the state is \`unknown\`.

- **Calls**: what the edges saw, half of it of the last 5 minutes, at least 3 calls. From 10 % failures by the provider's own fault \`degraded\`, from
  50 % \`unhealthy\`. A customer's wrong key or empty account is no failure of the provider.
- **Checks** that cost nothing: with the platform's own key every 3 minutes, and every minute while something is amiss; at Ollama, vLLM and
  OpenAI-compatible servers without a key whether the server is there. One failed check is \`degraded\`, two in a row are \`unhealthy\`. Calls weigh
  more: if they succeed, a failing check makes a provider \`degraded\` at most.
- A customer's key is never tried for this. A provider without a platform key (or with one from the environment, whose value only LiteLLM
  has) and without a route of liveness is known by its calls alone, and is \`unknown\` while nobody calls.

Changes go to the platform's webhooks ([webhooks.md](webhooks.md)), and workers show \`llm_provider_health\` ([operations.md](operations.md#metrics)).

## Removing one

A provider is removed when no deployment and no saved key uses it; until then the answer is \`provider_in_use\` and says what to remove first. To take it
out of use at once, switch it off (\`enabled: false\`) and release.

## Adding a kind

1. An entry in libs/gateway/src/providers: \`model-vendors.ts\`, \`model-hosts.ts\` or \`own-providers.ts\`, and how its errors read. provider-matrix.spec.ts
   says what is missing.
2. Where its keys can be checked: a driver ([provider-drivers](../libs/domain/src/provider-drivers/README.md)).
3. Its wire format in test/stand-ins (\`vendor-openai.ts\` if it speaks OpenAI's dialect, else a file of its own) and its upstream model in
   test/support/e2e/vendor-models.ts: the contract with LiteLLM then covers it.
4. This page, by the command in its source, and \`npm run openapi\`.
`;
}
