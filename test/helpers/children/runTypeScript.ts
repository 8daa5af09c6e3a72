// Runs a TypeScript file as a pipeline file is run, on this copy of the package: `node runTypeScript.js FILE`.
import { createJiti } from 'jiti'
import { modulesFor } from '../../../src/pipeline/runningPackage.js'

const file = process.argv[2]!
const virtualModules = await modulesFor(file)
await createJiti(file, { fsCache: false, interopDefault: false, virtualModules }).import(file)
