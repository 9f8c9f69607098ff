import { AppError } from './app-error';

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** A cursor is the last row's sort key, opaque to the caller. */
export function encodeCursor(position: string): string {
  return Buffer.from(`c1:${position}`, 'utf8').toString('base64url');
}

export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith('c1:') || encodeCursor(text.slice(3)) !== cursor) {
    throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
  }
  return text.slice(3);
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
