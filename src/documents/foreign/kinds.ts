/** Files of other programs that are read, by the words of `--from`. */
export const foreignKinds = ['keepalived', 'ldirectord', 'lvs.cf'] as const;
/** One of them. */
export type ForeignKind = (typeof foreignKinds)[number];

/** Lines that only files of one kind have, the surest first. */
const marks: readonly (readonly [kind: ForeignKind, line: RegExp])[] = [
  ['keepalived', /^[^\S\n]*(?:virtual_server(?:_group)?|vrrp_[a-z_]+|global_defs|static_[a-z]+)\b/m],
  ['lvs.cf', /^[^\S\n]*virtual[^\S\n]+[^\s={][^={\n]*\{[^\S\n]*$/m],
  ['ldirectord', /^[^\S\n]*virtual6?[^\S\n]*=/m],
  ['keepalived', /^[^\S\n]*include[rmwba]?[^\S\n]+\S/m],
  ['lvs.cf', /^[^\S\n]*serial_no[^\S\n]*=/m],
];

/** The kind of a file by its text; undefined where it is none of them. */
export function foreignKindOf(text: string): ForeignKind | undefined {
  return marks.find(([, line]) => line.test(text))?.[0];
}
