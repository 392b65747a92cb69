import { verbSummaries } from './names.js';
import type { DefinedVerb } from './verb.js';

/** `ipvsadm completion`: yargs itself writes the script, for bash or zsh by SHELL. */
export const completion: DefinedVerb = {
  name: 'completion',
  register: (parser) =>
    parser.command(
      'completion',
      verbSummaries.completion,
      (options) => options.example('$0 completion >>~/.bashrc', 'verbs, options and files are completed from now on'),
      () => {
        // Within a command this goes to where help goes.
        parser.showCompletionScript();
      },
    ),
};
