const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The kind of provider, and the body of a version's id: see secretNameOf in @signalbox/domain/credentials. */
const ownName = /^[A-Z0-9_]+__([0-9A-HJKMNP-TV-Z]{26})$/;
/** 2 empty bits, then the 48 bits of a UUIDv7's time. */
const timeDigits = 10;

/** When a secret was named, as its name tells. @returns null when the name is none of ours */
export function namedAtMs(secretName: string): number | null {
  const body = ownName.exec(secretName)?.[1];
  if (body === undefined) return null;
  let ms = 0;
  for (const digit of body.slice(0, timeDigits)) ms = ms * 32 + alphabet.indexOf(digit);
  return ms;
}
