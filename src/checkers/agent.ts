import { readAgentLine } from './agent-words.js';
import type { Attempt } from './attempt.js';
import { converse, type Conversation, type Listener } from './conversation.js';
import { closedEarly } from './failures.js';
import type { TargetOf } from './target.js';

/** Longest line in bytes. */
const longestLine = 4096;

class AgentListener implements Listener {
  readonly #attempt: Attempt;
  #said = '';

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  data(chunk: Buffer, conversation: Conversation): void {
    this.#said += chunk.toString('latin1');
    if (this.#said.includes('\n') || this.#said.length > longestLine) this.ended(conversation);
  }

  ended(conversation: Conversation): void {
    const [line = ''] = this.#said.slice(0, longestLine).split('\n', 1);
    if (this.#said === '') this.#attempt.lost(closedEarly);
    else conversation.finish(readAgentLine(line), 'shutdown');
  }
}

/** Hears what an agent says about its server. That it can't be reached says nothing about the server. */
export function askAgent(attempt: Attempt, target: TargetOf<'agent'>): void {
  attempt.unreachableSaysNothing = true;
  converse(attempt, target, new AgentListener(attempt));
}
