import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, invalidField } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { ProjectionService } from '@signalbox/domain/projection';
import { type LlmRoute, matchLlmRoute } from '@signalbox/gateway';
import { workspaceSubject } from '../routing-subject';
import { RoutingRepository } from '../routing.repository';
import { EdgeStateReader } from './edge-state.reader';
import { explainRoute } from './explain-route';
import type { ExplainedCaller, Explanation } from './explain.types';

export interface ExplainInput {
  /** The virtual key; or the workspace, for any key of it that allows all models. */
  readonly keyId?: string | undefined;
  readonly workspaceId?: string | undefined;
  /** The member, whose own provider keys count too. Only with a workspace: a key has its own. */
  readonly userId?: string | undefined;
  /** The body, as it would come to port 4000. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly path?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly draw?: number | undefined;
}

const usualPath = '/v1/chat/completions';
/** Explores nobody, whatever the policy says: exploration is 0.2 at most. */
const usualDraw = 0.5;
const modelCharsLimit = 256;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const notInNames = /[,\u0000-\u001f\u007f]/;

/** Says how a request would be routed, and why, without any call. */
@Injectable()
export class RoutingExplainService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: RoutingRepository,
    private readonly projection: ProjectionService,
    private readonly state: EdgeStateReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async explain(caller: Caller, input: ExplainInput): Promise<Explanation> {
    requireScope(caller, 'workspaces:read');
    const route = routeOf(input.path ?? usualPath);
    const model = modelOf(input.request['model']);
    const explained = await this.callerOf(caller, input);
    const state = await this.state.read(explained, this.clock.nowMs());
    return explainRoute(state, explained, {
      route,
      model,
      fields: input.request,
      // The edge counts the bytes that came; spaces between fields are some more.
      byteLength: Buffer.byteLength(JSON.stringify(input.request), 'utf8'),
      sessionId: input.sessionId,
      draw: input.draw ?? usualDraw,
    });
  }

  private async callerOf(
    caller: Caller,
    { keyId, workspaceId, userId }: ExplainInput,
  ): Promise<ExplainedCaller> {
    if (keyId !== undefined) {
      if (workspaceId !== undefined)
        throw invalidField('workspace_id', 'must be left out where key_id is given');
      if (userId !== undefined)
        throw invalidField('user_id', 'must be left out where key_id is given: a key has its own');
      return this.ofKey(caller, keyId);
    }
    if (workspaceId === undefined) throw invalidField('key_id', 'must be given, or workspace_id');
    const row = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.find(manager, workspaceSubject(workspaceId)),
    );
    if (!row || row.organizationId === null)
      throw new AppError('workspace_not_found', 'Check the id; GET /api/v1/workspaces lists the known ones.');
    return { organizationId: row.organizationId, workspaceId, userId: userId ?? null, keyHashes: null };
  }

  private async ofKey(caller: Caller, keyId: string): Promise<ExplainedCaller> {
    const key = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.findKey(manager, keyId),
    );
    if (!key)
      throw new AppError('virtual_key_not_found', 'Check the id; GET /api/v1/keys lists the known ones.');
    const { organizationId, workspaceId, userId } = key;
    const keyHashes = await this.projection.documentIds('project.virtual_key', keyId);
    return { organizationId, workspaceId, userId, keyHashes };
  }
}

function routeOf(path: string): LlmRoute {
  const match = matchLlmRoute('POST', path);
  if (match.kind === 'matched') return match.route;
  throw invalidField('path', 'must be a path that port 4000 serves by POST, such as /v1/chat/completions');
}

/** As the edge reads it. */
function modelOf(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= modelCharsLimit && !notInNames.test(value))
    return value;
  throw invalidField(
    'request.model',
    `must be one name of 1 to ${modelCharsLimit} characters, without commas`,
  );
}
