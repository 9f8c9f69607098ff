// The directions of docs/architecture.md, held by `npm run check:boundaries`.
const lib = (name) => `^libs/${name}/`;
const anyLibBut = (...allowed) => `^libs/(?!(${allowed.join('|')})/)`;
const onlyKnows = (name, from, ...allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: anyLibBut(...allowed) },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'libs-not-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'no-app-to-app',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'lib-public-api-only',
      severity: 'error',
      comment: 'A library is reached through its index.ts; a feature of domain through its own.',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: {
        path: '^libs/',
        pathNot: ['^libs/$2/', '^libs/[^/]+/src/index\\.ts$', '^libs/domain/src/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'domain-feature-public-api-only',
      severity: 'error',
      from: { path: '^libs/domain/src/([^/]+)/' },
      to: {
        path: '^libs/domain/src/',
        pathNot: ['^libs/domain/src/$1/', '^libs/domain/src/[^/]+/index\\.ts$'],
      },
    },
    onlyKnows('common-knows-nothing', lib('common'), 'common'),
    onlyKnows('config-knows-common', lib('config'), 'common', 'config'),
    onlyKnows('gateway-knows-common', lib('gateway'), 'common', 'gateway'),
    onlyKnows(
      'middle-libs-know-the-ground',
      '^libs/(database|jobs|secrets|litellm-client)/',
      'common',
      'config',
      'database',
      'jobs',
      'secrets',
      'litellm-client',
    ),
    {
      name: 'middle-libs-not-each-other',
      severity: 'error',
      from: { path: '^libs/(database|jobs|secrets|litellm-client)/' },
      to: { path: '^libs/(database|jobs|secrets|litellm-client)/', pathNot: '^libs/$1/' },
    },
    onlyKnows('egress-knows-common', lib('egress'), 'common', 'egress'),
    onlyKnows('edge-is-light', '^apps/edge/', 'common', 'config', 'gateway', 'egress'),
    {
      name: 'edge-without-frameworks',
      severity: 'error',
      from: { path: '^(apps/edge|libs/gateway|libs/common|libs/egress)/' },
      to: { path: 'node_modules/(typeorm|@nestjs|bullmq|pg|class-validator|class-transformer)/' },
    },
    {
      name: 'typeorm-in-repositories',
      severity: 'error',
      comment: 'Queries live in repositories. Types (EntityManager) may travel.',
      from: {
        path: '^(apps|libs)/',
        pathNot: [
          '^libs/database/',
          '\\.repository\\.ts$',
          '\\.spec\\.ts$',
          '-spec\\.ts$',
          '^libs/domain/src/core/',
        ],
      },
      to: { path: 'node_modules/(typeorm|pg)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'bullmq-in-jobs-and-worker',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/jobs/', '^apps/worker/'] },
      to: { path: 'node_modules/(bullmq|@nestjs/bullmq)/' },
    },
    {
      name: 'no-dev-dependency-in-shipped-code',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '(\\.|-)spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
