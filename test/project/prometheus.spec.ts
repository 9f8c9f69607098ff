import { parse } from 'yaml';
import { Registry } from 'prom-client';
import { defineMetrics } from '../../apps/edge/src/metrics/metric-definitions';
import { matches, read } from './project-files';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string };
}

const rulesText = read('infra/prometheus/signalbox.rules.yml');
const { groups } = parse(rulesText) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const scrape = parse(read('infra/prometheus/prometheus.yml')) as {
  rule_files: string[];
  scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
};
const guide = read('docs/operations.md');

/** What the primary adds; Prometheus's own; prom-client's metrics of the process. */
const others = [
  'signalbox_edge_workers',
  'signalbox_edge_workers_replaced_total',
  'up',
  'nodejs_eventloop_lag_p99_seconds',
];

async function metricNames(): Promise<string[]> {
  const registry = new Registry();
  defineMetrics(registry);
  return (await registry.getMetricsAsJSON()).map(({ name }) => name);
}

/** Names in an expression that are no function, no operator and no label. */
function metricsOf(expr: string): string[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '');
  return matches(withoutLabels, /\b([a-z_][a-z0-9_]*)\b(?!\s*\()/g).filter(
    (name) => !/^(and|or|by|on)$/.test(name),
  );
}

describe('infra/prometheus', () => {
  it('has the alerts that operators were promised', () => {
    const waits = Object.fromEntries(rules.map((rule) => [rule.alert, rule.for]));
    expect(waits).toMatchObject({
      ProviderUnhealthy: '5m',
      HighFallbackRate: '10m',
      EdgeLimitsLocal: '2m',
      UsageSpoolGrowing: '10m',
      LitellmDown: '1m',
    });
    const rate = rules.find(({ alert }) => alert === 'HighFallbackRate');
    expect(rate?.expr).toContain('> 0.1');
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for metrics that there are',
    async (_name, rule) => {
      const known = (await metricNames()).flatMap((name) => [
        name,
        `${name}_count`,
        `${name}_sum`,
        `${name}_bucket`,
      ]);
      const asked = metricsOf(rule.expr);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((name) => ![...known, ...others].includes(name))).toEqual([]);
      expect(rule.labels.severity).toMatch(/^(critical|warning)$/);
      expect(rule.annotations.summary).not.toBe('');
      if (rule.for) expect(rule.for).toMatch(/^\d+[ms]$/);
    },
  );

  it('scrapes the metrics port, by the rules of this folder', () => {
    expect(scrape.rule_files).toEqual(['signalbox.rules.yml']);
    const [job] = scrape.scrape_configs;
    expect(job).toMatchObject({ job_name: 'signalbox-edge', static_configs: [{ targets: ['edge:4020'] }] });
    expect(rulesText).toContain(`job="${job?.job_name}"`);
    expect(scrape.scrape_configs[1]).toMatchObject({
      job_name: 'signalbox-worker',
      static_configs: [{ targets: ['worker:4017'] }],
    });
  });
});

describe('docs/operations.md', () => {
  it('names every metric and every alert', async () => {
    const names = [...(await metricNames()), ...others.filter((name) => name.startsWith('signalbox_'))];
    expect(names.filter((name) => !guide.includes(`\`${name}`))).toEqual([]);
    expect(rules.map(({ alert }) => alert).filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });
});
