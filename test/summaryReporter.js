// The last line of a test run, and the rule that on the CI machine nothing may be skipped.
export default class SummaryReporter {
  #skippedInCi = 0

  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests
    if (process.env.CI === 'true') this.#skippedInCi = skipped
    for (const suite of results.testResults) {
      for (const test of suite.testResults) {
        if (test.status === 'pending' || test.status === 'todo') console.log(`skipped: ${test.fullName}`)
      }
      if (suite.testExecError) console.log(`did not run: ${suite.testFilePath}`)
    }
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`
    // Behind jest's own summary, which comes after all reporters.
    process.once('exit', () => process.stdout.write(line))
  }

  getLastError() {
    return this.#skippedInCi > 0
      ? new Error(`${this.#skippedInCi} tests were skipped, with CI=true`)
      : undefined
  }
}
