import { limitWindows, type RateLimits } from '@signalbox/gateway';
import type { LimitedCall } from './limiter';

export type SubjectKind = 'key' | 'service' | 'workspace' | 'organization';

/** Somebody whose requests are counted. */
export interface LimitedSubject {
  readonly kind: SubjectKind;
  /** `<kind>:<id>`, in the names of Redis keys too. */
  readonly name: string;
  /** In the order of limitWindows, then requests at the same time; -1: no limit. */
  readonly limits: readonly number[];
  readonly hasWindows: boolean;
  readonly countsTokens: boolean;
  readonly hasParallel: boolean;
}

export const parallelIndex = limitWindows.length;

/** By document: a changed one is another object. */
const known = new WeakMap<object, LimitedSubject | null>();

function subjectOf(kind: SubjectKind, id: string, document: RateLimits): LimitedSubject | null {
  const limits = [
    ...limitWindows.map(({ field }) => document[field] ?? -1),
    document.max_parallel_requests ?? -1,
  ];
  if (limits.every((limit) => limit === -1)) return null;
  return {
    kind,
    name: `${kind}:${id}`,
    limits,
    hasWindows: limitWindows.some((_, index) => limits[index] !== -1),
    countsTokens: limitWindows.some(({ counts }, index) => counts === 'tokens' && limits[index] !== -1),
    hasParallel: limits[parallelIndex] !== -1,
  };
}

function remembered(kind: SubjectKind, id: string, document: RateLimits): LimitedSubject | null {
  let subject = known.get(document);
  if (subject === undefined) {
    subject = subjectOf(kind, id, document);
    known.set(document, subject);
  }
  return subject;
}

/** Those of a call's key, service, workspace and organization that have limits. Mostly the answer is: none. */
export function limitedSubjects({ caller, service }: LimitedCall): LimitedSubject[] {
  const { key, workspace, organization } = caller;
  const subjects: LimitedSubject[] = [];
  const add = (subject: LimitedSubject | null): void => {
    if (subject) subjects.push(subject);
  };
  add(remembered('key', key.key_id, key));
  if (service) add(remembered('service', service.id, service));
  if (workspace) add(remembered('workspace', workspace.id, workspace));
  if (organization) add(remembered('organization', organization.id, organization));
  return subjects;
}
