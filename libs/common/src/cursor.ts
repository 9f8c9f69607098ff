import { AppError } from './app-error';
import { type IdKind, isId } from './id';

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** A cursor is the last row's sort key, opaque to the caller. */
export function encodeCursor(position: string): string {
  return Buffer.from(`c1:${position}`, 'utf8').toString('base64url');
}

function cursorInvalid(): AppError {
  return new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}

export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  // PostgreSQL's text cannot hold NUL.
  const isOurs = text.startsWith('c1:') && encodeCursor(text.slice(3)) === cursor && !text.includes('\0');
  if (!isOurs) throw cursorInvalid();
  return text.slice(3);
}

/** For lists that are sorted by id. @returns null for the first page */
export function decodeIdCursor(kind: IdKind, cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const position = decodeCursor(cursor);
  if (!isId(kind, position)) throw cursorInvalid();
  return position;
}

/** Makes a page out of `limit + 1` rows: the extra row only tells that there is more. */
export function toPage<Row, View>(
  rows: Row[],
  limit: number,
  positionOf: (row: Row) => string,
  toView: (row: Row) => View,
): Page<View> {
  const shown = rows.slice(0, limit);
  const last = shown[shown.length - 1];
  const hasMore = rows.length > limit && last !== undefined;
  return { data: shown.map(toView), next_cursor: hasMore ? encodeCursor(positionOf(last)) : null };
}
