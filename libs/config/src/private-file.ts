import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** One entry per line, or separated by commas; `#` begins a comment. */
export function entriesOf(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/**
 * For files that hold keys: nobody else can read this one, or could have written it.
 * @throws Error with a message for the operator, which never shows what the file holds
 */
export function readPrivateFile(path: string): string {
  // Not to wait for a writer, should it be a pipe. What is checked is what was opened, whatever happens to the path.
  const file = open(path);
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error('the file is not a regular file');
    if (uid !== process.getuid?.() && uid !== 0) {
      throw new Error(`the file belongs to user ${uid}: it must be ours or root's (chown it)`);
    }
    if ((mode & 0o077) !== 0) {
      throw new Error('the file can be read or changed by others: run chmod 600 on it');
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(`the file cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
