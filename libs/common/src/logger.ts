import { writeToStdout } from './line-buffer';
import { redact } from './redact';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields added to each line. */
  child(fields: LogFields): Logger;
}

/** The log of a process. Its level, and that of all its children, can be changed while it runs. */
export interface ProcessLogger extends Logger {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}

type WriteLine = (line: string, isUrgent: boolean) => void;

interface Threshold {
  level: LogLevel;
  rank: number;
}

const rankOf = (level: LogLevel): number => logLevels.indexOf(level);

function plain(_name: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, code } = value as Error & { code?: unknown };
    return { name, message, code, stack };
  }
  return typeof value === 'bigint' ? value.toString() : value;
}

/** A replacer triples the time that JSON takes, and most lines hold nothing for it. */
function needsReplacer(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'object' && value !== null);
}

/** Whether the fields can be added to the line as they are: no name comes twice, and none needs the replacer. */
function arePlain(fields: LogFields, taken: ReadonlySet<string>): boolean {
  for (const name in fields) if (needsReplacer(fields[name]) || taken.has(name)) return false;
  return true;
}

/** The fields without their braces, after a comma; nothing where there are none. */
function tail(json: string): string {
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

let isoOfMs = 0;
let iso = '';

/** Many lines are of the same millisecond. */
function isoNow(): string {
  const nowMs = Date.now();
  if (nowMs !== isoOfMs) {
    isoOfMs = nowMs;
    iso = new Date(nowMs).toISOString();
  }
  return iso;
}

function loggerOf(threshold: Threshold, base: LogFields, write: WriteLine): Logger {
  const taken = new Set(['time', 'level', 'message', ...Object.keys(base)]);
  const isPlainBase = arePlain(base, new Set(['time', 'level', 'message']));
  const baseTail = isPlainBase ? tail(JSON.stringify(base)) : '';
  const log = (at: LogLevel, rank: number, message: string, fields?: LogFields): void => {
    if (rank < threshold.rank) return;
    // Merging objects costs a busy gateway more than all the rest of a line, so texts are joined where that gives the same.
    const line =
      isPlainBase && (!fields || arePlain(fields, taken))
        ? `{"time":"${isoNow()}","level":"${at}","message":${JSON.stringify(message)}${baseTail}${fields ? tail(JSON.stringify(fields)) : ''}}`
        : JSON.stringify({ time: isoNow(), level: at, message, ...base, ...fields }, plain);
    write(`${redact(line)}\n`, at === 'error');
  };
  return {
    debug: (message, fields) => log('debug', 0, message, fields),
    info: (message, fields) => log('info', 1, message, fields),
    warn: (message, fields) => log('warn', 2, message, fields),
    error: (message, fields) => log('error', 3, message, fields),
    child: (fields) => loggerOf(threshold, { ...base, ...fields }, write),
  };
}

/** One JSON object per line. Secrets are redacted as a last line of defence. */
export function createLogger(
  level: LogLevel,
  base: LogFields = {},
  write: WriteLine = writeToStdout,
): ProcessLogger {
  const threshold: Threshold = { level, rank: rankOf(level) };
  return {
    ...loggerOf(threshold, base, write),
    level: () => threshold.level,
    setLevel: (next) => Object.assign(threshold, { level: next, rank: rankOf(next) }),
  };
}

export const silentLogger: Logger = createLogger('silent');
