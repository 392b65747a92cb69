/** Longest head of an answer in bytes, with the trailers of its body. */
export const longestHead = 1 << 16;

/** Longest line before a chunk in bytes. */
const longestChunkLine = 1 << 12;

type State = 'status' | 'head' | 'sized' | 'until-end' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'whole';

/** How every answer begins. */
const beginning = 'HTTP/';

const none = Buffer.alloc(0);

/** How an answer is read. */
export interface ReaderOptions {
  /** Whether the request was a HEAD, whose answer has no body. */
  readonly isHead: boolean;
  /** Bytes of the body that are kept; with so many the answer counts as whole. */
  readonly bodyLimit: number;
}

/** Reads an answer of HTTP/1 piece by piece. Answers before the last one (1xx) are passed over. */
export class ResponseReader {
  /** The status; undefined until its line was read. */
  status: number | undefined;
  /** What is wrong with the answer; nothing more is read then. */
  problem: string | undefined;
  /** Header fields by their names in small letters; undefined until all were read. */
  headers: ReadonlyMap<string, string> | undefined;

  readonly #options: ReaderOptions;
  #state: State = 'status';
  #rest: Buffer = none;
  /** How much of the rest has no end of a line in it. */
  #searched = 0;
  #headLeft = longestHead;
  readonly #fields: string[] = [];
  /** Bytes until the end of the body or of a chunk. */
  #left = 0;
  readonly #body: Buffer[] = [];
  #bodyLength = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Whether nothing more is to be read. */
  get isWhole(): boolean {
    return this.#state === 'whole';
  }

  /** What there is of the body, without the chunks' sizes; packed as it came. */
  get body(): Buffer {
    return Buffer.concat(this.#body, this.#bodyLength);
  }

  /** The next bytes. */
  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.problem === undefined && this.#step());
  }

  /** The server has closed the connection, which may be how the body ends. */
  end(): void {
    if (this.#state === 'until-end') this.#state = 'whole';
  }

  /** @returns whether there may be more to do with the bytes that are here. */
  #step(): boolean {
    switch (this.#state) {
      case 'status':
        // Something else may well have no lines at all.
        if (this.#rest.length >= beginning.length && this.#rest.indexOf(beginning) !== 0) {
          this.problem = `it does not begin with ${beginning}`;
          return false;
        }
        return this.#line(this.#headLeft, (line) => {
          this.#readStatus(line);
        });
      case 'head':
        return this.#line(this.#headLeft, (line) => {
          if (line === '') this.#readHead();
          else this.#fields.push(line);
        });
      case 'chunk-size':
        return this.#line(longestChunkLine, (line) => {
          this.#readChunkSize(line);
        });
      case 'chunk-end':
        return this.#line(longestChunkLine, (line) => {
          this.#state = 'chunk-size';
          if (line !== '') this.problem = 'a chunk is longer than it says';
        });
      case 'trailers':
        return this.#line(this.#headLeft, (line) => {
          if (line === '') this.#state = 'whole';
        });
      case 'sized':
      case 'chunk':
      case 'until-end':
        return this.#takeBody();
      case 'whole':
        return false;
    }
  }

  /** Takes a line, whatever it ends with, if it is here. */
  #line(limit: number, take: (line: string) => void): boolean {
    const end = this.#rest.indexOf(10, this.#searched);
    const length = end < 0 ? this.#rest.length : end + 1;
    if (length > limit) {
      this.problem = 'its head is too long';
      return false;
    }
    this.#searched = end < 0 ? length : 0;
    if (end < 0) return false;
    if (this.#state !== 'chunk-size' && this.#state !== 'chunk-end') this.#headLeft -= length;
    const line = this.#rest.toString('latin1', 0, end > 0 && this.#rest[end - 1] === 13 ? end - 1 : end);
    this.#rest = this.#rest.subarray(length);
    take(line);
    return true;
  }

  #readStatus(line: string): void {
    const [, digits] = /^HTTP\/1\.\d ([1-5]\d\d)(?: |$)/.exec(line) ?? [];
    if (digits === undefined) {
      this.problem = `its first line is ${JSON.stringify(line.slice(0, 80))}`;
      return;
    }
    const status = Number(digits);
    // Switched protocols are no answer on the way, but the last one.
    if (status >= 200 || status === 101) this.status = status;
    this.#state = 'head';
  }

  #readHead(): void {
    if (this.status === undefined) {
      this.#fields.length = 0;
      this.#state = 'status';
      return;
    }
    const headers = new Map<string, string>();
    for (const field of this.#fields) {
      const colon = field.indexOf(':');
      if (colon < 1) {
        this.problem = 'a header field has no name';
        return;
      }
      const name = field.slice(0, colon).toLowerCase();
      const value = field.slice(colon + 1).trim();
      const before = headers.get(name);
      headers.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    this.headers = headers;
    this.#beginBody(this.status, headers);
  }

  #beginBody(status: number, headers: ReadonlyMap<string, string>): void {
    const length = headers.get('content-length');
    const coding = headers.get('transfer-encoding');
    if (this.#options.isHead || status === 101 || status === 204 || status === 304) this.#state = 'whole';
    else if (coding !== undefined) this.#state = /(?:^|[,\s])chunked$/i.test(coding) ? 'chunk-size' : 'until-end';
    else if (length === undefined) this.#state = 'until-end';
    else if (/^\d{1,15}$/.test(length)) this.#beginBytes('sized', Number(length));
    else this.problem = 'its Content-Length is no number';
  }

  #readChunkSize(line: string): void {
    const [, digits] = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line) ?? [];
    if (digits === undefined) this.problem = 'a chunk has no size';
    else if (/^0+$/.test(digits)) this.#state = 'trailers';
    else this.#beginBytes('chunk', Number.parseInt(digits, 16));
  }

  #beginBytes(state: 'sized' | 'chunk', length: number): void {
    this.#left = length;
    this.#state = length === 0 ? 'whole' : state;
  }

  #takeBody(): boolean {
    if (this.#rest.length === 0) return false;
    const isSized = this.#state !== 'until-end';
    const size = isSized ? Math.min(this.#left, this.#rest.length) : this.#rest.length;
    const kept = this.#rest.subarray(0, Math.min(size, this.#options.bodyLimit - this.#bodyLength));
    this.#rest = this.#rest.subarray(size);
    this.#body.push(kept);
    this.#bodyLength += kept.length;
    if (isSized) this.#left -= size;
    if (this.#bodyLength >= this.#options.bodyLimit) this.#state = 'whole';
    else if (isSized && this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk-end' : 'whole';
    return true;
  }
}
