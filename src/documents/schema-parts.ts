import * as v from 'valibot';
import { isAddress } from '../model/address-kind.js';
import { longestName, plainName, plainNameText, type Range } from '../model/limits.js';
import { closestName } from './closest-name.js';
import { describeValue } from './describe-value.js';

// What the schemas of a document are made of. The message of a value is what was expected; what was found is put after it.

/** A range in the words of a message. */
export function rangeText({ lowest, highest }: Range, what: string): string {
  return `${what} from ${lowest} to ${highest}`;
}

/** A whole number of a range. */
export function integer(range: Range, what: string): v.GenericSchema<number> {
  const { lowest, highest } = range;
  const message = rangeText(range, what);
  return v.pipe(v.number(message), v.integer(message), v.minValue(lowest, message), v.maxValue(highest, message));
}

/** A number of a range, decimals allowed. */
export function number(range: Range, what: string): v.GenericSchema<number> {
  const { lowest, highest } = range;
  const message = rangeText(range, what);
  return v.pipe(v.number(message), v.minValue(lowest, message), v.maxValue(highest, message));
}

/** A text of a form. */
export function pattern(what: string, form: RegExp): v.GenericSchema<string> {
  return v.pipe(v.string(what), v.regex(form, what));
}

/** One of some words. */
export function oneOf<const W extends readonly string[]>(
  values: W,
  message = listText(values),
): v.PicklistSchema<W, string> {
  return v.picklist(values, message);
}

/** Words in a message: `a, b or c`. */
export function listText(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
}

/** A name as the kernel keeps it. */
export function name(what: string): v.GenericSchema<string> {
  const message = `${what}, ${plainNameText}`;
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxBytes(longestName, message),
    v.regex(plainName, message),
  );
}

/** An address of either family. */
export function address(what: string): v.GenericSchema<string> {
  const message = `${what}: an IPv4 address such as 192.0.2.1 or an IPv6 address such as 2001:db8::1`;
  return v.pipe(v.string(message), v.check(isAddress, message));
}

/** True for what YAML calls a mapping, and JSON an object. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a name that is not among the known ones. */
function unknownName(found: string, known: readonly string[]): string {
  const meant = closestName(found, known);
  const help = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `unknown name ${describeValue(found)}; ${help}`;
}

/** What is written as a mapping of these members. */
export type MembersInput<E extends v.ObjectEntries> = v.InferInput<v.ObjectSchema<E, undefined>>;
/** What is read from it. */
export type MembersOutput<E extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<E, undefined>>;

/** An issue about a name in a mapping. */
interface NameIssue {
  readonly message: string;
  readonly path: [v.ObjectPathItem];
}

/** The names that a mapping has beside its members; a strict object of valibot's reports the first only. */
function unknownNames(input: unknown, known: readonly string[]): NameIssue[] {
  if (!isMapping(input)) return [];
  return Object.keys(input)
    .filter((each) => !known.includes(each))
    .map((key) => ({
      message: unknownName(key, known),
      path: [{ type: 'object', origin: 'key', input, key, value: input[key] }],
    }));
}

/** Members by name, and nothing else, in a form that `v.variant` can look into; it takes a list for a mapping. */
export function namedMembers<const E extends v.ObjectEntries>(
  entries: E,
): v.ObjectWithRestSchema<E, v.UnknownSchema, string> {
  const known = Object.keys(entries);
  return v.pipe(
    v.objectWithRest(entries, v.unknown(), 'a mapping'),
    v.rawCheck(({ dataset, addIssue }) => {
      for (const issue of unknownNames(dataset.value, known)) addIssue(issue);
    }),
  );
}

/** Members by name, and nothing else. */
export function members<const E extends v.ObjectEntries>(
  entries: E,
): v.GenericSchema<MembersInput<E>, MembersOutput<E>> {
  // An object of valibot's may be a list.
  return v.pipe(v.custom<MembersInput<E>>(isMapping, 'a mapping'), namedMembers(entries));
}

/** A list. */
export function arrayOf<const I extends v.GenericSchema>(item: I): v.ArraySchema<I, string> {
  return v.array(item, 'a list (for none write [])');
}

/** A field with its description, for the JSON Schema and the documentation. */
export function described<const S extends v.GenericSchema>(
  schema: S,
  description: string,
): v.SchemaWithPipe<readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]> {
  return v.pipe(schema, v.description(description));
}
