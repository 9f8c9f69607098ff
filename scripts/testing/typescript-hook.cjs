// Lets `node -r` run TypeScript files of this repository: compiled in memory by swc, with the aliases of tsconfig.json.
// Node 20 cannot strip types by itself. Types are not checked here; `npm run typecheck` does that.
const Module = require('node:module');
const { readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { transformSync } = require('@swc/core');

const root = resolve(__dirname, '..', '..');
const options = {
  swcrc: false,
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, filename });
  module._compile(code, filename);
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  const alias = /^@signalbox\/([^/]+)(?:\/([^/]+))?$/.exec(request);
  if (!alias) return resolveFilename(request, ...rest);
  const [, library, feature] = alias;
  return join(root, 'libs', library, 'src', ...(feature ? [feature] : []), 'index.ts');
};
