import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import { REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import {
  breakersKey,
  factsDocumentId,
  openBreakersOf,
  ownerKeysOf,
  parseProjectionDocument,
  performanceFrom,
  performanceKey,
  projectionField,
  type ProjectionDocuments,
  type ProjectionKind,
  type RoutingRules,
  settingsDocumentId,
  strictestRules,
} from '@signalbox/gateway';
import type { Redis } from 'ioredis';
import type { EdgeState, ExplainedCaller } from './explain.types';

const retryAfterSeconds = 2;

/** Who may not read what the edges know must not guess it. */
function unavailable(detail: string, cause?: unknown): AppError {
  return new AppError('edge_state_unavailable', `${detail} Try again in a few seconds.`, {
    retryAfterSeconds,
    cause,
  });
}

type Texts = ReadonlyMap<string, string | null>;

/** null: there is none. */
type Found<Kind extends ProjectionKind> = ProjectionDocuments[Kind] | null | 'unreadable';

function foundIn<Kind extends ProjectionKind>(texts: Texts, kind: Kind, id: string): Found<Kind> {
  const text = texts.get(projectionField(kind, id)) ?? null;
  return text === null ? null : (parseProjectionDocument(kind, text) ?? 'unreadable');
}

/** An edge refuses such a call until the document can be read again. */
function readable<Kind extends ProjectionKind>(
  found: Found<Kind>,
  kind: Kind,
): ProjectionDocuments[Kind] | null {
  if (found !== 'unreadable') return found;
  // Not which one: a key's document is known by the hash of its value.
  throw unavailable(`The document of the ${kind} in Redis cannot be read; the worker repairs it.`);
}

function documentIn<Kind extends ProjectionKind>(
  texts: Texts,
  kind: Kind,
  id: string,
): ProjectionDocuments[Kind] | null {
  return readable(foundIn(texts, kind, id), kind);
}

/** As an edge takes them: facts that cannot be read are none, which rules out whoever would need them. */
function factsOf(found: Found<'facts'>): ProjectionDocuments['facts'] | null {
  return found === 'unreadable' ? null : found;
}

/** Rules that nobody can read might protect somebody's data: so the edges hold it too. */
function platformRulesIn(texts: Texts): RoutingRules {
  const text = texts.get(projectionField('settings', settingsDocumentId)) ?? null;
  if (text === null) return {};
  return parseProjectionDocument('settings', text)?.routing ?? strictestRules;
}

/** Reads a document anew only when its text is another: those of all deployments are large, and reading one holds up the process. */
class KeptDocument<Kind extends ProjectionKind> {
  private text: string | null = null;
  private found: Found<Kind> = null;

  constructor(
    private readonly kind: Kind,
    private readonly id: string,
  ) {}

  in(texts: Texts): Found<Kind> {
    const text = texts.get(projectionField(this.kind, this.id)) ?? null;
    if (text === null || text !== this.text) {
      this.found = foundIn(texts, this.kind, this.id);
      this.text = text;
    }
    return this.found;
  }
}

/** What the edges live on, as it is in Redis at one moment: documents, how the deployments have been, which breakers are open. */
@Injectable()
export class EdgeStateReader {
  private readonly facts = new KeptDocument('facts', factsDocumentId);
  private readonly catalogue = new KeptDocument('catalogue', 'current');

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) private readonly prefix: string,
  ) {}

  async read(caller: ExplainedCaller, nowMs: number): Promise<EdgeState> {
    const ownerKeys = Object.values(
      ownerKeysOf({
        organization_id: caller.organizationId,
        workspace_id: caller.workspaceId,
        user_id: caller.userId,
      }),
    ).filter((ownerKey) => ownerKey !== null);
    const keyHashes = caller.keyHashes ?? [];
    const fields = [
      ...keyHashes.map((hash) => projectionField('key', hash)),
      projectionField('workspace', caller.workspaceId),
      projectionField('organization', caller.organizationId),
      projectionField('settings', settingsDocumentId),
      projectionField('facts', factsDocumentId),
      projectionField('catalogue', 'current'),
      ...ownerKeys.map((ownerKey) => projectionField('credentials', ownerKey)),
    ];
    const { texts, performance, breakers } = await this.readTexts(fields);
    const credentials = new Map(
      ownerKeys.map((ownerKey) => [ownerKey, documentIn(texts, 'credentials', ownerKey)]),
    );
    return {
      keys: keyHashes.flatMap((hash) => documentIn(texts, 'key', hash) ?? []),
      workspace: documentIn(texts, 'workspace', caller.workspaceId),
      organization: documentIn(texts, 'organization', caller.organizationId),
      platformRules: platformRulesIn(texts),
      facts: factsOf(this.facts.in(texts)),
      catalogue: readable(this.catalogue.in(texts), 'catalogue'),
      documentOf: (ownerKey) => credentials.get(ownerKey) ?? null,
      performance: performanceFrom(performance, nowMs),
      openBreakers: openBreakersOf(breakers, nowMs),
      nowMs,
    };
  }

  /** null: Redis is away, or has none. */
  async readFacts(): Promise<ProjectionDocuments['facts'] | null> {
    const field = projectionField('facts', factsDocumentId);
    try {
      const text = await this.redis.hget(`${this.prefix}:projection`, field);
      return factsOf(this.facts.in(new Map([[field, text]])));
    } catch {
      return null;
    }
  }

  /** One transaction, so that all of it is of the same moment. */
  private async readTexts(
    fields: readonly string[],
  ): Promise<{ texts: Texts; performance: readonly string[]; breakers: readonly string[] }> {
    const replies = await this.redis
      .multi()
      .hmget(`${this.prefix}:projection`, ...fields)
      .hget(`${this.prefix}:projection:meta`, 'epoch')
      .hvals(performanceKey(this.prefix))
      .hvals(breakersKey(this.prefix))
      .exec()
      .catch((error: unknown) => {
        throw unavailable('Redis, where the edges find what they know, does not answer.', error);
      });
    const [documents, epoch, performance, breakers] = (replies ?? []).map(([error, reply]) => {
      if (error) throw unavailable('Redis, where the edges find what they know, refuses to answer.', error);
      return reply;
    });
    if (!Array.isArray(documents) || typeof epoch !== 'string')
      throw unavailable('What the edges know is being rebuilt in Redis.');
    return {
      texts: new Map(fields.map((field, index) => [field, textOrNull(documents[index])])),
      performance: textsOf(performance),
      breakers: textsOf(breakers),
    };
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
