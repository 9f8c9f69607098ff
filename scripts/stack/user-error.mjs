/** An error whose message is for the person at the terminal: what is wrong and what to do next. Shown without a stack trace. */
export class UserError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'UserError';
  }
}

const diskIsFull = /ENOSPC|No space left on device|not enough space/i;

export function isDiskFull(text) {
  return diskIsFull.test(text);
}

/** The message to print for whatever ended a command: UserErrors as they are, a full disk in plain words. */
export function messageFor(error) {
  if (error instanceof UserError) return error.message;
  if (error?.name === 'AbortError') return 'Stopped.';
  if (error?.code === 'ENOSPC') {
    return `The disk is full${error.path ? ` (writing ${error.path})` : ''}. Free some space and start again.`;
  }
  if (error?.code === 'EACCES' || error?.code === 'EPERM') {
    return `No permission: ${error.message}. Give this user access to it, or choose another folder (SIGNALBOX_DATA_DIR, SIGNALBOX_CACHE_DIR).`;
  }
  return error?.stack ?? String(error);
}
