/** Bytes of hexadecimal digits; blanks are for the reader. */
export function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replace(/\s+/g, ''), 'hex'));
}

/** Hexadecimal digits of bytes. */
export function digitsOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
