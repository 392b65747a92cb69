import { toJsonSchema } from '@valibot/to-json-schema';
import { documentSchema } from '../../../src/documents/schema.js';

const $schema = 'https://json-schema.org/draft/2020-12/schema';

/** The document's shape as the JSON Schema that is published. */
export function documentJsonSchema(): string {
  const schema = toJsonSchema(documentSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema: ({ jsonSchema }) => {
      const { additionalProperties, properties } = jsonSchema;
      if (typeof additionalProperties !== 'object' || !('not' in additionalProperties)) return undefined;
      const closed = { ...jsonSchema, additionalProperties: false };
      const named = properties !== undefined && 'fwmark' in properties;
      return named ? { ...closed, oneOf: [{ required: ['address'] }, { required: ['fwmark'] }] } : closed;
    },
  });
  return `${JSON.stringify({ $schema, title: 'The table of an IPVS director', ...schema }, null, 2)}\n`;
}
