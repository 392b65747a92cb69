import { toJsonSchema } from '@valibot/to-json-schema';
import { healthDefinitions } from '../../../src/documents/health-schema.js';
import { documentSchema } from '../../../src/documents/schema.js';

const $schema = 'https://json-schema.org/draft/2020-12/schema';

/** The document's shape as the JSON Schema that is published. */
export function documentJsonSchema(): string {
  const schema = toJsonSchema(documentSchema, {
    target: 'draft-2020-12',
    definitions: healthDefinitions,
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
  readonly enum?: readonly (string | number)[];
  readonly const?: string;
  readonly anyOf?: readonly Field[];
  readonly oneOf?: readonly Field[];
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly additionalProperties?: Field | false;
  readonly required?: readonly string[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Field>>;
}

type Definitions = Readonly<Record<string, Field>>;

function resolved(field: Field, definitions: Definitions): Field {
  const name = field.$ref?.replace('#/$defs/', '');
  return name === undefined ? field : { ...definitions[name], ...field };
}

function valuesOf(given: Field, definitions: Definitions): string {
  const field = resolved(given, definitions);
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.enum !== undefined) return field.enum.map((word) => `\`${word}\``).join(', ');
  if (field.anyOf !== undefined) return field.anyOf.map((one) => valuesOf(one, definitions)).join(', or ');
  // By the names of their types.
  if (field.oneOf !== undefined) return 'mapping';
  switch (field.type) {
    case 'integer':
    case 'number':
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

function row(name: string, field: Field, isRequired: boolean, definitions: Definitions): string {
  const title = `\`${name}\`${isRequired ? ' (required)' : ''}`;
  const usual = field.default === undefined ? '' : `\`${JSON.stringify(field.default).replaceAll('"', '')}\``;
  return `| ${[title, valuesOf(field, definitions), usual, field.description ?? ''].join(' | ')} |`.replace(/ +/g, ' ');
}

function* fieldRows({ properties = {}, required = [] }: Field, definitions: Definitions): Generator<string> {
  for (const [name, field] of Object.entries(properties)) {
    yield row(name, field, required.includes(name), definitions);
    yield* fieldRows(field, definitions);
    if (field.items !== undefined) yield* fieldRows(field.items, definitions);
    if (typeof field.additionalProperties === 'object') {
      yield* variantRows(resolved(field.additionalProperties, definitions), definitions);
    }
  }
}

/** The rows of mappings that are told apart by their types: what all have is there once. */
function* variantRows({ oneOf: kinds = [] }: Field, definitions: Definitions): Generator<string> {
  const types = kinds.map(({ properties }) => properties?.['type']?.const ?? '');
  const [first] = kinds;
  if (first !== undefined) {
    const type = { ...first.properties?.['type'], enum: types };
    yield row('type', { description: type.description ?? '', enum: types }, true, definitions);
  }
  for (const kind of kinds) yield* fieldRows({ ...kind, properties: withoutType(kind) }, definitions);
}

function withoutType({ properties = {} }: Field): Readonly<Record<string, Field>> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'type'));
}

/** The rows of the tables in docs/document.md: one for each field of the schema, equal ones once. */
export function documentFields(): string[] {
  const schema = JSON.parse(documentJsonSchema()) as Field;
  return [...new Set(fieldRows(schema, schema.$defs ?? {}))];
}
