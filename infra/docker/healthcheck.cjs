// node healthcheck.cjs URL: exit code 0 if the URL answers with a status below 400.
fetch(process.argv[2], { signal: AbortSignal.timeout(2_500) }).then(
  (response) => process.exit(response.ok ? 0 : 1),
  () => process.exit(1),
);
