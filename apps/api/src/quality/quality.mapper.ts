import type { QualityScoreEntity } from '@signalbox/database';
import { type QualityLine, qualityTable } from '@signalbox/domain/quality';
import type { QualityList, QualityProposalView, QualityView } from './quality.dto';

const { version, meaning, arithmetic, sources } = qualityTable;
export const tableView: QualityList['table'] = { version, meaning, arithmetic, sources };

export function toQualityView(line: QualityLine): QualityView {
  return {
    subject: line.subject,
    score: line.score,
    source: line.source,
    note: line.note,
    patterns: [...line.patterns],
    figure: line.figure,
    figure_source: line.tableSource,
    benchmark_run_id: line.benchmarkRunId,
    decided_at: line.decidedAt?.toISOString() ?? null,
    decided_by: line.decidedBy,
  };
}

export function toSetQualityView({
  subject,
  score,
  note,
  decidedAt,
  decidedBy,
}: QualityScoreEntity): QualityView {
  const ofAdmin = {
    source: 'admin',
    patterns: [],
    figure: null,
    tableSource: null,
    benchmarkRunId: null,
  } as const;
  return toQualityView({ ...ofAdmin, subject, score: Number(score), note, decidedAt, decidedBy });
}

export function toQualityProposalView(row: QualityScoreEntity): QualityProposalView {
  return {
    id: row.id,
    model: row.subject,
    score: Number(row.score),
    arithmetic: row.note,
    benchmark_run_id: row.benchmarkRunId,
    state: row.state,
    created_at: row.createdAt.toISOString(),
    decided_at: row.decidedAt?.toISOString() ?? null,
    decided_by: row.decidedBy,
  };
}
