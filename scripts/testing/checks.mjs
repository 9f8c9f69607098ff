/** Each is a script of package.json and counts as one test. */
export const checks = [
  'format:check',
  'lint',
  'typecheck',
  'check:boundaries',
  'check:unused',
  'check:openapi',
];
