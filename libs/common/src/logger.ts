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

function plain(_name: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, code } = value as Error & { code?: unknown };
    return { name, message, code, stack };
  }
  return typeof value === 'bigint' ? value.toString() : value;
}

/** One JSON object per line. Secrets are redacted as a last line of defence. */
export function createLogger(
  level: LogLevel,
  base: LogFields = {},
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Logger {
  const threshold = logLevels.indexOf(level);
  const log = (at: LogLevel, message: string, fields?: LogFields): void => {
    if (logLevels.indexOf(at) < threshold) return;
    const entry = { time: new Date().toISOString(), level: at, message, ...base, ...fields };
    write(`${redact(JSON.stringify(entry, plain))}\n`);
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    child: (fields) => createLogger(level, { ...base, ...fields }, write),
  };
}

export const silentLogger: Logger = createLogger('silent');
