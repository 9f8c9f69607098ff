import type { ReplayFigures } from './replay-report';
import type { Replay, ReplayRequest } from './replay.service';

/** What is answered, by the API and as JSON on the command line. */
export interface ReplayAnswer extends ReplayFigures {
  readonly workspace_id: string | null;
  readonly organization_id: string | null;
  readonly from: string;
  readonly to: string;
  readonly rules: object;
  readonly as: string | null;
  readonly complete: boolean;
  readonly stopped_by: Replay['stoppedBy'];
  readonly replayed_until: string | null;
}

export function replayAnswer(request: ReplayRequest, replay: Replay): ReplayAnswer {
  return {
    workspace_id: request.workspaceId,
    organization_id: request.organizationId,
    from: request.from.toISOString(),
    to: request.to.toISOString(),
    rules: request.rules,
    as: request.asLevel,
    complete: replay.stoppedBy === null,
    stopped_by: replay.stoppedBy,
    replayed_until: replay.replayedUntil?.toISOString() ?? null,
    ...replay.figures,
  };
}
