// Lets a child process of a test run the sources: `node -r test/support/typescript-hook.cjs file.ts`. What jest does for tests.
const { existsSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformFileSync } = require('@swc/core');

const root = join(__dirname, '../..');
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const [, feature] = /^@signalbox\/domain\/([^/]+)$/.exec(request) ?? [];
  const [, lib] = /^@signalbox\/([^/]+)$/.exec(request) ?? [];
  const path = feature ? `libs/domain/src/${feature}/index.ts` : lib && `libs/${lib}/src/index.ts`;
  return resolveFilename.call(
    this,
    path && existsSync(join(root, path)) ? join(root, path) : request,
    ...rest,
  );
};
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformFileSync(filename, {
    swcrc: false,
    jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};
