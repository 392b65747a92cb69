import { reportFailures } from '../command/failure.js';
import { StateError } from '../errors.js';
import { daemonCalled, daemonsOf, socketOf } from '../command/keepers.js';
import { defineVerb } from './verb.js';

interface ReloadOptions {
  name: string | undefined;
  force: boolean;
}

/** Longest time that a daemon may take for it, in seconds. */
const longestReload = 120;

/** `ipvsadm reload`: a running daemon takes its document anew. */
export const reload = defineVerb<ReloadOptions>({
  name: 'reload',
  options: {
    name: { type: 'string', requiresArg: true, describe: 'name of the daemon, where several run' },
    force: { type: 'boolean', default: false, describe: 'even if more than half of its services would end' },
  },
  examples: [['$0 reload', 'the whole new document is taken, or the old one stays and what is wrong is shown']],
  run: (io, { name, force }) =>
    reportFailures(io, 'apply', async () => {
      const { machine, stdout } = io;
      const daemons = name === undefined ? await daemonsOf(machine) : [await daemonCalled(machine, name)];
      const [first, second] = daemons.filter((one) => one !== undefined);
      if (first === undefined)
        throw new StateError(name === undefined ? 'no daemon runs' : `no daemon is called ${name}`);
      if (second !== undefined) {
        const known = daemons.map((one) => one?.instance ?? '').join(', ');
        throw new StateError(`several daemons run: give one of them with --name: ${known}`);
      }
      await machine.control.ask(socketOf(first.instance), { do: 'reload', force }, longestReload);
      await stdout.write(`${first.instance} took ${first.document}\n`);
      return 0;
    }),
});
