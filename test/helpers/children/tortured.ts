// The torture in a process of its own: `node tortured.js VARIANT FIRST LAST`, the variant as JSON. Prints the outcome.
import { tortureAll, type Variant } from '../../torture/torture.js'

const [variant, first, last] = process.argv.slice(2) as [string, string, string]
const outcome = await tortureAll(JSON.parse(variant) as Variant, Number(first), Number(last))
process.stdout.write(JSON.stringify(outcome))
