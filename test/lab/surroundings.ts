import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ours } from './ours.js';
import { referencePath, Shell, type Invocation, type Program, type Result } from './reference.js';

/** Host names that the suites use; nothing here is looked up outside of the machine. */
export const hostNames = `
127.0.0.1 localhost
::1 ip6-localhost
10.0.0.1 vip
10.0.0.2 web
10.0.0.3 web3.example
10.0.0.4 a-rather-long-name-of-a-real-server.in-a-long-domain.example
10.0.0.5 thirty-three-characters-is-the-lim
10.0.0.6 exactly-28-characters-with-d
10.0.0.7 sixty-three-characters-are-what-a-label-may-have-at-the-very-mo.example
10.0.0.8 both
2001:db8::8 both
2001:db8::1 vip6
2001:db8::2 web6
2001:db8::3 a-rather-long-name-of-an-ipv6-real-server.in-a-long-domain.example
10.0.0.9 UPPER
10.0.0.10 alias-first alias-second
255.255.255.0 class-c-mask
224.0.0.99 multicast-group
`;

/** Replaces the host names of the lab, whose /etc is nobody else's, and lets every other look-up fail at once. */
export async function nameHosts(shell: Shell): Promise<void> {
  await shell.script(`
cat >hosts <<'END'
${hostNames.trim()}
END
printf 'nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n' >resolv.conf
mount --bind hosts /etc/hosts
mount --bind resolv.conf /etc/resolv.conf`);
}

/** Where our programs are as they are published; their first line looks for `node` in PATH. */
const programs = join(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))), 'dist/bin');

/**
 * Circumstances to run a program in: shell scripts, by name; a case gives `./NAME` as its `programName`. The program and
 * its words are "$@".
 */
export type Situations = Readonly<Record<string, string>>;

/** Makes the situations known to a shell. @param program the word that starts the program in them. */
export function prepareSituations(shell: Shell, situations: Situations, program: string): void {
  for (const [name, script] of Object.entries(situations)) {
    const text = `#!/bin/bash\nset -- ${program} "$@"\n${script}\n`;
    writeFileSync(join(shell.directory, name), text, { mode: 0o755 });
  }
}

/**
 * Ours in this process, except where that can't show it: the wrapper programs and special situations are run as
 * executables.
 */
export class OursAsPublished implements Program {
  readonly name = 'ours';
  readonly #inProcess = new Ours();
  readonly #shell = new Shell(`${dirname(process.execPath)}:${referencePath}`);
  readonly #situations: Situations;

  constructor(situations: Situations = {}) {
    this.#situations = situations;
    prepareSituations(this.#shell, situations, join(programs, 'ipvsadm.cjs'));
  }

  async run(invocations: readonly Invocation[]): Promise<Result[]> {
    const results: Result[] = [];
    for (const invocation of invocations) {
      const executable = this.#executable(invocation.programName);
      const program =
        executable === undefined ? this.#inProcess.run([invocation]) : this.#shell.run([invocation], () => executable);
      results.push(...(await program));
    }
    return results;
  }

  #executable(name: string | undefined): string | undefined {
    if (name === 'ipvsadm-save' || name === 'ipvsadm-restore') return join(programs, `${name}.cjs`);
    return name?.startsWith('./') === true && name.slice(2) in this.#situations ? name : undefined;
  }

  close(): void {
    this.#shell.close();
  }
}
