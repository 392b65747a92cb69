import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runToEnd } from '../programs.mjs';

/** Milliseconds in which a lab has to respond: it looks for the request once in a second, but the machine may be busy. */
const patience = 10_000;

/**
 * What a lab that does not end is doing.
 * @param {string} run the lab's directory
 * @returns {Promise<string>} its processes; what else there is stands on the console
 */
export async function whatLabDoes(run) {
  const file = (/** @type {string} */ name) => path.join(run, name);
  fs.writeFileSync(file('report.request'), '');
  const end = performance.now() + patience;
  while (performance.now() < end) {
    if (fs.existsSync(file('report.end'))) return fs.readFileSync(file('report'), 'utf8');
    await sleep(100);
  }
  const socket = fs
    .readdirSync(run)
    .map((name) => path.join(run, name, 'mconsole'))
    .find((name) => fs.existsSync(name));
  const failure = socket === undefined ? '' : await askKernel(socket, ['sysrq 9', 'sysrq w', 'sysrq t']);
  return `its process 1 does not respond\n${failure}`;
}

/**
 * Gives commands to user-mode Linux by way of its management console, which its interrupt handler reads: that works too where
 * none of its processes runs any more. Perl, because Node knows no datagram sockets of the Unix kind.
 * @param {string} socket
 * @param {string[]} commands
 * @returns {Promise<string>} what went wrong; the replies are on the console
 */
async function askKernel(socket, commands) {
  const script = `
    use Socket;
    my ($socket, @commands) = @ARGV;
    my $own;
    socket($own, AF_UNIX, SOCK_DGRAM, 0) && bind($own, sockaddr_un("$socket.replies")) || die "mconsole: $!\\n";
    for my $command (@commands) {
      send($own, pack("LLLa512", 0xcafebabe, 2, length $command, $command), 0, sockaddr_un($socket)) || die "mconsole: $!\\n";
      for (my $more = 1; $more;) {
        vec(my $ready = "", fileno($own), 1) = 1;
        select($ready, undef, undef, 10) || die "mconsole: no reply to $command\\n";
        recv($own, my $reply, 1024, 0);
        (undef, $more) = unpack("LL", $reply);
      }
    }`;
  return (await runToEnd('perl', ['-e', script, socket, ...commands])).output;
}
