import { hostname } from 'node:os';
import type { Attempt } from './attempt.js';
import { converse, type Conversation, type Listener } from './conversation.js';
import { closedEarly } from './failures.js';
import { quoted } from './shown.js';
import type { TargetOf } from './target.js';
import { tlsOptions, type TlsSettings } from './tls-client.js';

/** Longest reply in bytes. */
const longestReply = 1 << 16;

/** STARTTLS of mail servers proves nothing: they show whatever certificate they have. */
const unverified: TlsSettings = { verify: false };

const quit = 'QUIT\r\n';

type Step = 'greeting' | 'hello' | 'starttls' | 'secure-hello';

/** The code that each reply has to have. */
const codes: Readonly<Record<Step, string>> = { greeting: '220', hello: '250', starttls: '220', 'secure-hello': '250' };

class SmtpListener implements Listener {
  readonly #attempt: Attempt;
  readonly #target: TargetOf<'smtp'>;
  #step: Step = 'greeting';
  #rest = '';
  /** Lines of a reply that goes on. */
  #lines: string[] = [];
  #length = 0;

  constructor(attempt: Attempt, target: TargetOf<'smtp'>) {
    this.#attempt = attempt;
    this.#target = target;
  }

  data(chunk: Buffer, conversation: Conversation): void {
    this.#length += chunk.length;
    this.#rest += chunk.toString('latin1');
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const isLast = this.#step === 'starttls';
      this.#take(line.trimEnd(), conversation);
      // What came before TLS is no part of what is said in it.
      if (isLast || this.#attempt.isSettled) return;
    }
    if (this.#length > longestReply) conversation.sayNo('its reply is too long', 'shutdown');
  }

  ended(): void {
    this.#attempt.lost(closedEarly);
  }

  #take(line: string, conversation: Conversation): void {
    const [, mark] = /^[2-5]\d\d([ -]|$)/.exec(line) ?? [];
    if (mark === undefined) {
      conversation.sayNo(`not a reply of SMTP: ${quoted(line)}`, 'shutdown');
      return;
    }
    this.#lines.push(line);
    if (mark === '-') return;
    const reply = this.#lines;
    this.#lines = [];
    this.#length = 0;
    if (line.startsWith(codes[this.#step])) this.#next(reply, conversation);
    else this.#refuse(conversation, `said ${quoted(line)}`);
  }

  #next(reply: readonly string[], conversation: Conversation): void {
    const { helo = hostname(), tls } = this.#target.check;
    const hello = `EHLO ${helo}\r\n`;
    switch (this.#step) {
      case 'greeting':
        this.#step = 'hello';
        conversation.write(hello);
        break;
      case 'hello':
        if (tls === undefined) this.#pass(conversation);
        else if (reply.some((line) => /^250[ -]STARTTLS\b/i.test(line))) {
          this.#step = 'starttls';
          conversation.write('STARTTLS\r\n');
        } else this.#refuse(conversation, 'does not offer STARTTLS');
        break;
      case 'starttls':
        this.#step = 'secure-hello';
        this.#rest = '';
        conversation.startTls(tlsOptions(unverified, undefined, this.#target.address), () => {
          conversation.write(hello);
        });
        break;
      case 'secure-hello':
        this.#pass(conversation);
    }
  }

  #pass(conversation: Conversation): void {
    conversation.write(quit);
    conversation.pass({ reason: this.#step === 'hello' ? 'SMTP' : 'SMTP with TLS' }, 'shutdown');
  }

  #refuse(conversation: Conversation, reason: string): void {
    conversation.write(quit);
    conversation.sayNo(reason, 'shutdown');
  }
}

/** Greets a mail server, and begins TLS where that is wanted. */
export function askSmtp(attempt: Attempt, target: TargetOf<'smtp'>): void {
  converse(attempt, target, new SmtpListener(attempt, target));
}
