import type { ScoringCandidate } from '@signalbox/gateway';
import type { ActualUse, CostGap } from './replay-cost';
import { costsOf, isSameChoice } from './replay-cost';
import type { Doubt, ReplayedDecision } from './replay-decision';
import type { NotReplayable } from './replay-target';
import { type CostReport, CostSums, type FigureReport, Spread, Tally } from './whole-amounts';

/** Why an event counts as it was. no_decision: nobody was ranked, as for a plain name with fixed shares, or a refused call. */
export type NotCompared = NotReplayable | 'no_decision' | 'record_unreadable' | 'workspace_unknown';

export interface ChoiceReport {
  readonly model: string;
  readonly provider: string;
  readonly deployment_id: string;
}

export interface ChangeReport {
  /** null: nobody was left. */
  readonly from: ChoiceReport | null;
  readonly to: ChoiceReport | null;
  readonly decisions: number;
  readonly cost: CostReport;
}

export interface GroupReport {
  readonly decisions: number;
  readonly changed: number;
  readonly cost: CostReport;
}

export interface ReplayFigures {
  readonly events: number;
  readonly decisions: number;
  readonly changed: number;
  readonly not_compared: Partial<Record<NotCompared, number>>;
  /** Made under this very policy, for what was asked. */
  readonly same_policy: number;
  /** Of these, the ones whose choice came out otherwise: always 0, or the record is not what was decided on. */
  readonly same_policy_changed: number;
  readonly cost: CostReport & { readonly not_compared: Partial<Record<CostGap, number>> };
  /** Expected at the time of the decision. */
  readonly first_byte_ms: { readonly before: FigureReport; readonly after: FigureReport };
  /** From 0 to 1; what nobody knows counts 0.5, as in the score. */
  readonly quality: { readonly before: FigureReport; readonly after: FigureReport };
  readonly levels: readonly ({ readonly power_level: string | null } & GroupReport)[];
  readonly models: readonly { readonly model: string; readonly before: number; readonly after: number }[];
  readonly changes: readonly ChangeReport[];
  /** Kinds of changes that are not listed, for there are too many. */
  readonly changes_left_out: number;
  readonly doubts: Partial<Record<Doubt | 'answered_by_another', number>>;
}

const shownModels = 100;
const shownChanges = 200;
const unknownQualityPermille = 500;
const permille = 1_000;

/** One request, as far as a replay needs it. */
export interface ReplayedEvent extends ActualUse {
  /** Who answered in the end; null: nobody. */
  readonly deploymentId: string | null;
}

interface Group {
  decisions: number;
  changed: number;
  readonly cost: CostSums;
}

interface Change {
  readonly from: ChoiceReport | null;
  readonly to: ChoiceReport | null;
  decisions: number;
  readonly cost: CostSums;
}

/** Sums up, one event after the other; nothing of the single one is kept. */
export class ReplaySums {
  private events = 0;
  private decisions = 0;
  private changed = 0;
  private samePolicy = 0;
  private samePolicyChanged = 0;
  private readonly notCompared = new Tally<NotCompared>();
  private readonly costGaps = new Tally<CostGap>();
  private readonly doubts = new Tally<Doubt | 'answered_by_another'>();
  private readonly cost = new CostSums();
  private readonly firstByteMs = { before: new Spread(), after: new Spread() };
  private readonly quality = { before: new Spread(), after: new Spread() };
  private readonly levels = new Map<string | null, Group>();
  private readonly models = new Map<string, { before: number; after: number }>();
  private readonly changes = new Map<string, Change>();

  skip(reason: NotCompared): void {
    this.events += 1;
    this.notCompared.add(reason);
  }

  add(event: ReplayedEvent, replayed: ReplayedDecision): void {
    const { before, after, levelBefore } = replayed;
    const isChanged = !isSameChoice(before, after);
    const group = this.groupOf(levelBefore);
    this.events += 1;
    this.decisions += 1;
    group.decisions += 1;
    if (isChanged) {
      this.changed += 1;
      group.changed += 1;
    }
    this.addSame(replayed, isChanged);
    this.addDoubts(event, replayed);
    this.addFigures('before', before);
    this.addFigures('after', after);
    this.addCosts(event, replayed, group, isChanged ? this.changeOf(before, after) : null);
  }

  private addSame({ isUnchanged }: ReplayedDecision, isChanged: boolean): void {
    if (!isUnchanged) return;
    this.samePolicy += 1;
    if (isChanged) this.samePolicyChanged += 1;
  }

  private addDoubts({ deploymentId }: ReplayedEvent, { before, doubts }: ReplayedDecision): void {
    for (const doubt of doubts) this.doubts.add(doubt);
    if (deploymentId !== null && before !== null && deploymentId !== before.deployment.id)
      this.doubts.add('answered_by_another');
  }

  private addFigures(side: 'before' | 'after', candidate: ScoringCandidate | null): void {
    if (candidate === null) return;
    const { facts, model } = candidate;
    if (facts.prior_first_byte_ms !== null) this.firstByteMs[side].add(facts.prior_first_byte_ms);
    const { quality } = facts;
    this.quality[side].add(quality === null ? unknownQualityPermille : Math.round(quality * permille));
    const counts = this.models.get(model) ?? { before: 0, after: 0 };
    counts[side] += 1;
    this.models.set(model, counts);
  }

  private addCosts(
    event: ReplayedEvent,
    { before, after }: ReplayedDecision,
    group: Group,
    change: Change | null,
  ): void {
    if (change) change.decisions += 1;
    const costs = costsOf(event, before, after);
    if (typeof costs === 'string') {
      this.costGaps.add(costs);
      return;
    }
    for (const sums of [this.cost, group.cost, change?.cost]) sums?.add(costs);
  }

  private groupOf(level: string | null): Group {
    const known = this.levels.get(level);
    if (known) return known;
    const group = { decisions: 0, changed: 0, cost: new CostSums() };
    this.levels.set(level, group);
    return group;
  }

  private changeOf(from: ScoringCandidate | null, to: ScoringCandidate | null): Change {
    const key = JSON.stringify([from, to].map((one) => one && [one.deployment.id, one.model]));
    const known = this.changes.get(key);
    if (known) return known;
    const change = { from: choiceOf(from), to: choiceOf(to), decisions: 0, cost: new CostSums() };
    this.changes.set(key, change);
    return change;
  }

  get report(): ReplayFigures {
    const changes = [...this.changes.values()].sort((left, right) => right.decisions - left.decisions);
    const models = [...this.models].map(([model, counts]) => ({ model, ...counts }));
    const levels = [...this.levels].map(([level, { cost, ...counts }]) => ({
      power_level: level,
      ...counts,
      cost: cost.report,
    }));
    return {
      events: this.events,
      decisions: this.decisions,
      changed: this.changed,
      not_compared: this.notCompared.report,
      same_policy: this.samePolicy,
      same_policy_changed: this.samePolicyChanged,
      cost: { ...this.cost.report, not_compared: this.costGaps.report },
      first_byte_ms: {
        before: this.firstByteMs.before.report(1, 0),
        after: this.firstByteMs.after.report(1, 0),
      },
      quality: {
        before: this.quality.before.report(permille, 4),
        after: this.quality.after.report(permille, 4),
      },
      levels: levels.sort((left, right) => right.decisions - left.decisions),
      models: models
        .sort((left, right) => right.before + right.after - left.before - left.after)
        .slice(0, shownModels),
      changes: changes.slice(0, shownChanges).map(({ cost, ...rest }) => ({ ...rest, cost: cost.report })),
      changes_left_out: Math.max(0, changes.length - shownChanges),
      doubts: this.doubts.report,
    };
  }
}

function choiceOf(candidate: ScoringCandidate | null): ChoiceReport | null {
  if (candidate === null) return null;
  const { model, deployment } = candidate;
  return { model, provider: deployment.provider_kind, deployment_id: deployment.id };
}
