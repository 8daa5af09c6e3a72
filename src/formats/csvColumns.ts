import { eventSchema } from '../events/index.js'

type Properties = Readonly<Record<string, { readonly properties?: Properties }>>

function flatten(properties: Properties, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    schema.properties === undefined ? [prefix + name] : flatten(schema.properties, `${prefix}${name}.`),
  )
}

/**
 * The columns of CSV in their order: every field of the wire form, those inside an object under the names
 * joined by a dot. Taken from the schema, so that the two cannot differ.
 */
export const csvColumns: readonly string[] = flatten(eventSchema.properties as Properties, '')
