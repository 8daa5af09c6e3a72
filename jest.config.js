// Tests run on the compiled output: a worker thread cannot load TypeScript, and what is tested is what ships.
export default {
  rootDir: process.env.FSFLOW_BUILD ?? 'build',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/../test/summaryReporter.js'],
}
