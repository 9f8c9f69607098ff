/** People give base URLs with and without the version: both lead to the same route. */
export function versioned(baseUrl: string, version: string): string {
  return baseUrl.endsWith(`/${version}`) ? baseUrl : `${baseUrl}/${version}`;
}

/** Takes the last one of these endings off. */
export function without(baseUrl: string, ...endings: readonly string[]): string {
  const ending = endings.find((text) => baseUrl.endsWith(text));
  return ending === undefined ? baseUrl : baseUrl.slice(0, -ending.length);
}
