/**
 * Where rules of routing name one of these models: `groups.smart.models`, `cascades.gpt-4`, `aliases.fast` ... A key that is one of them
 * counts as well: it says what becomes of a call for that model.
 */
export function placesNaming(rules: unknown, models: ReadonlySet<string>): string[] {
  const places = new Set<string>();
  visit(rules, '', models, places);
  return [...places].sort();
}

function visit(value: unknown, place: string, models: ReadonlySet<string>, places: Set<string>): void {
  if (typeof value === 'string' && models.has(value)) places.add(place);
  if (Array.isArray(value)) value.forEach((item) => visit(item, place, models, places));
  else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) {
      const inner = place === '' ? name : `${place}.${name}`;
      if (place !== '' && models.has(name)) places.add(inner);
      visit(item, inner, models, places);
    }
  }
}
