/** PostgreSQL's text cannot hold NUL, and its jsonb neither NUL nor half of a surrogate pair. */
const unstorable = /\0|\p{Surrogate}/u;

/** Whether what was read of a source can be kept: one odd text would end the sync for all the rest. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !unstorable.test(value);
  if (value === null || typeof value !== 'object') return true;
  return Object.values(value).every(isStorable);
}
