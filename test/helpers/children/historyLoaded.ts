// `node historyLoaded.js DIRECTORY LOAD`, the load as JSON: runs it there, and prints the report. In a process of its own,
// since it measures the memory: to collect that of a test runner takes seconds each time.
import { historyLoad, type HistoryLoad } from '../../../bench/history/historyLoad.js'

const [directory, load] = process.argv.slice(2) as [string, string]
const report = await historyLoad(directory, JSON.parse(load) as HistoryLoad)
process.stdout.write(JSON.stringify(report))
