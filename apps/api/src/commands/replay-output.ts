import type { Replay, ReplayFigures, ReplayRequest } from '@signalbox/domain/replay';

const shownChanges = 20;
const shownModels = 20;

type Cells = readonly (string | number | null)[];

function table(title: string, head: Cells, rows: readonly Cells[]): string[] {
  const texts = [head, ...rows].map((cells) => cells.map((cell) => (cell === null ? '-' : String(cell))));
  const widths = head.map((_cell, index) => Math.max(...texts.map((cells) => cells[index]?.length ?? 0)));
  const lines = texts.map((cells) =>
    `  ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd(),
  );
  return ['', title, ...lines];
}

/** For a person. */
export function replayLines(request: ReplayRequest, replay: Replay): string[] {
  const { figures, stoppedBy, replayedUntil } = replay;
  const scope = request.workspaceId ?? request.organizationId ?? 'all organizations';
  const range = `${scope}, ${request.from.toISOString()} to ${request.to.toISOString()}`;
  if (figures.events === 0 && stoppedBy === null)
    return [range, 'There are no requests in that time. --from and --to name another one.'];
  return [
    range,
    `Under: ${changeText(request)}`,
    ...(stoppedBy === null
      ? []
      : [`Ended before the end (${stoppedBy}), at ${replayedUntil?.toISOString()}`]),
    `${figures.decisions} of ${figures.events} requests decided again, ${figures.changed} choices changed`,
    `${figures.same_policy} under the policy that they were made under, ${figures.same_policy_changed} of them chosen otherwise`,
    ...sumsOf(figures),
    ...levelsOf(figures),
    ...modelsOf(figures),
    ...changesOf(figures),
    ...countsOf('Not decided again', figures.not_compared),
    ...countsOf('Cost not compared', figures.cost.not_compared),
    ...countsOf('To be taken with care', figures.doubts),
  ];
}

function changeText({ rules, asLevel }: ReplayRequest): string {
  const parts = [
    ...(asLevel === null ? [] : [`levels, groups and auto as ${asLevel}`]),
    ...(Object.keys(rules).length === 0 ? [] : [JSON.stringify(rules)]),
  ];
  return parts.length === 0 ? 'the policy in force' : parts.join(', ');
}

function sumsOf({ cost, first_byte_ms: firstByteMs, quality }: ReplayFigures): string[] {
  return table(
    `Before and after (cost of ${cost.decisions} requests, by the tokens that they used)`,
    ['', 'before', 'after'],
    [
      ['cost, USD', cost.before_usd, cost.after_usd],
      ['saved, USD', null, cost.saved_usd],
      ['time to first token, mean ms', firstByteMs.before.mean, firstByteMs.after.mean],
      ['time to first token, p95 ms', firstByteMs.before.p95, firstByteMs.after.p95],
      ['quality, mean', quality.before.mean, quality.after.mean],
    ],
  );
}

function levelsOf({ levels }: ReplayFigures): string[] {
  return table(
    'By power level',
    ['level', 'decisions', 'changed', 'cost before', 'after', 'saved'],
    levels.map(({ power_level: level, decisions, changed, cost }) => [
      level ?? 'a model by its name',
      decisions,
      changed,
      cost.before_usd,
      cost.after_usd,
      cost.saved_usd,
    ]),
  );
}

function modelsOf({ models }: ReplayFigures): string[] {
  const rows = models.slice(0, shownModels).map(({ model, before, after }) => [model, before, after]);
  return table('Chosen', ['model', 'before', 'after'], rows);
}

type Choice = ReplayFigures['changes'][number]['from'];

function choiceText(choice: Choice): string {
  return choice === null ? 'nobody' : `${choice.model} (${choice.provider}, ${choice.deployment_id})`;
}

function changesOf({ changes, changes_left_out: leftOut }: ReplayFigures): string[] {
  if (changes.length === 0) return [];
  const hidden = Math.max(0, changes.length - shownChanges) + leftOut;
  return [
    ...table(
      'Changes',
      ['from', 'to', 'decisions', 'saved'],
      changes
        .slice(0, shownChanges)
        .map(({ from, to, decisions, cost }) => [
          choiceText(from),
          choiceText(to),
          decisions,
          cost.saved_usd,
        ]),
    ),
    ...(hidden === 0 ? [] : [`  ... and ${hidden} more (--json shows up to 200)`]),
  ];
}

function countsOf(title: string, counts: Partial<Record<string, number>>): string[] {
  const rows = Object.entries(counts).map(([reason, count]) => [reason, count ?? 0]);
  return rows.length === 0 ? [] : table(title, ['why', 'requests'], rows);
}
