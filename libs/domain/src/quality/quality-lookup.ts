import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { QualityRepository } from './quality.repository';
import { familyOf, qualityOfFigure } from './quality-table';
import type { QualityFound, QualityOf } from './quality.types';

/** An admin's word (or a benchmark's that was accepted) for the model or one of its ids, then the table. */
export function qualityLookup(inForce: ReadonlyMap<string, QualityFound>): QualityOf {
  return (modelName, ids, upstreamModel) => {
    for (const subject of [modelName, ...ids]) {
      const found = inForce.get(subject);
      if (found) return found;
    }
    for (const id of [...ids, upstreamModel]) {
      const family = familyOf(id);
      if (family) return { score: qualityOfFigure(family.figure), source: 'table' };
    }
    return null;
  };
}

@Injectable()
export class QualityLookup {
  constructor(private readonly scores: QualityRepository) {}

  async load(manager: EntityManager): Promise<QualityOf> {
    const rows = await this.scores.inForce(manager);
    return qualityLookup(
      new Map(
        rows.map(({ subject, score, source }) => [
          subject,
          { score: Number(score), source: source === 'benchmark' ? 'benchmark' : 'admin' },
        ]),
      ),
    );
  }
}
