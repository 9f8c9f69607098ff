import type { QualityScoreEntity } from '@signalbox/database';
import { qualityOfFigure, qualityTable } from './quality-table';
import type { QualitySource } from './quality.types';

/** One line of what is in force. */
export interface QualityLine {
  /** A model's name, an id of the catalogue, or the name of a family of the table. */
  readonly subject: string;
  readonly score: number;
  readonly source: QualitySource;
  /** An admin's reason, or the arithmetic of a benchmark. */
  readonly note: string | null;
  readonly benchmarkRunId: string | null;
  /** Of the table: which names of models are meant, and the figure of which public source. */
  readonly patterns: readonly string[];
  readonly figure: number | null;
  readonly tableSource: string | null;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
}

export interface QualityFilter {
  readonly search?: string | undefined;
  readonly source?: QualitySource | undefined;
}

/** By subject; of an equal subject, the one that wins comes first. */
export function qualityLines(rows: readonly QualityScoreEntity[], filter: QualityFilter): QualityLine[] {
  const search = filter.search?.toLowerCase() ?? '';
  return [...rows.map(lineOfRow), ...tableLines()]
    .filter(({ source }) => filter.source === undefined || source === filter.source)
    .filter(({ subject, patterns }) =>
      [subject, ...patterns].some((text) => text.toLowerCase().includes(search)),
    )
    .sort((left, right) => (left.subject < right.subject ? -1 : Number(left.subject > right.subject)));
}

function lineOfRow(row: QualityScoreEntity): QualityLine {
  const { subject, score, source, note, benchmarkRunId, decidedAt, decidedBy } = row;
  return {
    subject,
    score: Number(score),
    source: source === 'benchmark' ? 'benchmark' : 'admin',
    note,
    benchmarkRunId,
    patterns: [],
    figure: null,
    tableSource: null,
    decidedAt,
    decidedBy,
  };
}

function tableLines(): QualityLine[] {
  return qualityTable.families.map(({ name, patterns, figure, source }) => ({
    subject: name,
    score: qualityOfFigure(figure),
    source: 'table',
    note: null,
    benchmarkRunId: null,
    patterns,
    figure,
    tableSource: source,
    decidedAt: null,
    decidedBy: null,
  }));
}
