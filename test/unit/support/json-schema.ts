import { toJsonSchema } from '@valibot/to-json-schema';
import { documentSchema } from '../../../src/documents/schema.js';

const $schema = 'https://json-schema.org/draft/2020-12/schema';

/** The document's shape as the JSON Schema that is published. */
export function documentJsonSchema(): string {
  const schema = toJsonSchema(documentSchema, {
    target: 'draft-2020-12',
    // What is written is what is checked: nothing is transformed.
    typeMode: 'output',
    errorMode: 'ignore',
    overrideSchema: ({ jsonSchema }) => {
      const { properties } = jsonSchema;
      if (properties === undefined) return undefined;
      // Checks have no words in JSON Schema: that of unknown names, and the one of a service.
      const closed = { ...jsonSchema, additionalProperties: false };
      return 'fwmark' in properties
        ? { ...closed, oneOf: [{ required: ['address'] }, { required: ['fwmark'] }] }
        : closed;
    },
  });
  return `${JSON.stringify({ $schema, title: 'The table of an IPVS director', ...schema }, null, 2)}\n`;
}

interface Field {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Field[];
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

function valuesOf(field: Field): string {
  if (field.enum !== undefined) return field.enum.map((word) => `\`${word}\``).join(', ');
  if (field.anyOf !== undefined) return field.anyOf.map(valuesOf).join(', or ');
  switch (field.type) {
    case 'integer':
      return `${field.minimum ?? ''}..${field.maximum ?? ''}`;
    case 'array':
      return 'list';
    case 'object':
      return 'mapping';
    case 'boolean':
      return '`true`, `false`';
    default:
      return 'text';
  }
}

function* fieldRows({ properties = {}, required = [] }: Field): Generator<string> {
  for (const [name, field] of Object.entries(properties)) {
    const title = `\`${name}\`${required.includes(name) ? ' (required)' : ''}`;
    const usual = field.default === undefined ? '' : `\`${JSON.stringify(field.default).replaceAll('"', '')}\``;
    yield `| ${[title, valuesOf(field), usual, field.description ?? ''].join(' | ')} |`.replace(/ +/g, ' ');
    if (field.properties !== undefined) yield* fieldRows(field);
    if (field.items?.properties !== undefined) yield* fieldRows(field.items);
  }
}

/** The rows of the tables in docs/document.md, one for each field of the schema. */
export function documentFields(): string[] {
  return [...fieldRows(JSON.parse(documentJsonSchema()) as Field)];
}
