import { Injectable } from '@nestjs/common';
import { FactsService } from '@signalbox/domain/catalogue';
import type { EntityManager } from 'typeorm';
import { type ModelPrices, modelPricesOf } from './model-prices';

export interface BenchmarkModel {
  readonly name: string;
  readonly prices: ModelPrices;
}

interface ModelRow {
  readonly id: string;
  readonly name: string;
  readonly deploymentIds: readonly string[];
}

/** The models that a run may ask, with the prices in force. */
@Injectable()
export class BenchmarkPrices {
  constructor(private readonly facts: FactsService) {}

  /**
   * Those of the names that are chat models of the catalogue, switched on and with a deployment that is. One that is switched off may
   * answer as long as the active release has it.
   */
  async models(manager: EntityManager, names: readonly string[]): Promise<BenchmarkModel[]> {
    const rows = await manager.query<ModelRow[]>(
      `WITH released AS (
         SELECT jsonb_array_elements_text(entry -> 'deployment_ids') AS id
         FROM config_releases, jsonb_array_elements(models) entry WHERE status = 'active')
       SELECT model.id, model.name, array_agg(deployment.id) AS "deploymentIds"
       FROM models model JOIN deployments deployment ON deployment.model_id = model.id
         AND (deployment.enabled OR deployment.id IN (SELECT id FROM released))
       WHERE model.name = ANY($1) AND model.enabled AND model.mode = 'chat' AND position('*' IN model.name) = 0
       GROUP BY model.id, model.name HAVING bool_or(deployment.enabled)`,
      [names],
    );
    const merged = await this.facts.merged(
      manager,
      rows.map(({ id }) => id),
    );
    return rows.map(({ name, deploymentIds }) => {
      const facts = deploymentIds.flatMap((id) => merged.get(id)?.facts ?? []);
      return { name, prices: modelPricesOf(facts) };
    });
  }
}
