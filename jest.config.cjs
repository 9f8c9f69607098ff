// NestJS 12 ships ES modules only, and jest on Node 20 cannot require() them. So swc turns both our
// TypeScript and those packages into CommonJS.
const swc = (typescript) => [
  '@swc/jest',
  {
    swcrc: false,
    jsc: {
      parser: { syntax: typescript ? 'typescript' : 'ecmascript', decorators: true },
      transform: typescript ? { legacyDecorator: true, decoratorMetadata: true } : {},
      target: 'es2022',
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

const esmOnlyPackages = [
  '@nestjs',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
];

const project = (displayName, testRegex, more = {}) => ({
  displayName,
  rootDir: __dirname,
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testRegex,
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'json', 'mjs', 'cjs'],
  moduleNameMapper: {
    '^@signalbox/domain/([^/]+)$': '<rootDir>/libs/domain/src/$1/index.ts',
    '^@signalbox/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnlyPackages.join('|')})/)`],
  transform: { '^.+\\.ts$': swc(true), '^.+\\.m?js$': swc(false) },
  setupFiles: ['reflect-metadata'],
  ...more,
});

module.exports = {
  // What hangs is ended by waitUntil, which says what it waited for. jest's five seconds are less than a start takes on a busy machine.
  testTimeout: 60_000,
  projects: [
    project('unit', '\\.spec\\.ts$'),
    project('integration', '\\.int-spec\\.ts$'),
    project('e2e', '\\.e2e-spec\\.ts$'),
    project('prove', '\\.prove-spec\\.ts$'),
  ],
};
