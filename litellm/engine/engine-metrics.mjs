// The pool's gauges under the names of Prisma's engine; prisma-client-py wants all three lists (prisma/_metrics.py).

const GAUGES = [
  ['prisma_pool_connections_open', 'Number of currently open pool connections', 'open'],
  ['prisma_pool_connections_idle', 'Number of currently unused pool connections', 'idle'],
  ['prisma_pool_connections_busy', 'Number of pool connections currently executing queries', 'busy'],
  ['prisma_client_queries_wait', 'Number of queries waiting for a connection', 'waiting'],
];

export function metricsJson(counts) {
  const gauges = GAUGES.map(([key, description, field]) => ({
    key,
    labels: {},
    value: counts[field],
    description,
  }));
  return { counters: [], gauges, histograms: [] };
}

export function metricsText(counts) {
  const lines = GAUGES.flatMap(([key, description, field]) => [
    `# HELP ${key} ${description}`,
    `# TYPE ${key} gauge`,
    `${key} ${counts[field]}`,
  ]);
  return `${lines.join('\n')}\n`;
}
