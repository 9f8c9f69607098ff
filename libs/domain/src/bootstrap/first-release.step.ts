import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import { ConfigReleaseService } from '@signalbox/domain/config-releases';
import { bootstrapCaller, type Report } from './bootstrap.types';

/** Lets LiteLLM run what the catalogue says, without applying what an operator left unapplied. */
@Injectable()
export class FirstReleaseStep {
  constructor(private readonly releases: ConfigReleaseService) {}

  /** Whether the catalogue is what runs, so that a change made now may be applied along with nothing else. */
  async isCatalogueApplied(): Promise<boolean> {
    const plan = await this.releases.plan(bootstrapCaller);
    return plan.base !== null && !plan.changed;
  }

  async run(mayApplyChanges: boolean, report: Report): Promise<void> {
    const plan = await this.releases.plan(bootstrapCaller);
    if (plan.inProgress) {
      report(`config release ${plan.inProgress.number} is being applied already`);
    } else if (!plan.base || (plan.changed && mayApplyChanges)) {
      await this.apply(report);
    } else if (plan.changed) {
      report('the catalogue has changes that are not applied: POST /api/v1/config/releases');
    }
  }

  /** A catalogue that cannot be applied must not keep the API from starting: it is what corrects the catalogue. */
  private async apply(report: Report): Promise<void> {
    try {
      const release = await this.releases.apply(bootstrapCaller, { note: 'Made at start' });
      report(`config release ${release.number} made; the runner applies it`);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      report(`no config release was made: ${error.message}`);
    }
  }
}
