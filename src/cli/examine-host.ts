import { directorFacts, realServerFacts } from '../command/gather-facts.js';
import { writeAll } from '../command/write-all.js';
import { directorChecks, realServerChecks } from '../doctor/checks.js';
import type { ListenerProtocol, RealServerFacts, RealServerForwarding } from '../doctor/facts.js';
import { reportJson } from '../doctor/json.js';
import { examine, exitStatus, type Report } from '../doctor/report.js';
import { counted } from '../text/counted.js';
import { formatJson } from '../format/json.js';
import type { TunnelType } from '../model/server.js';
import type { Io } from '../ports/io.js';
import { colours } from './colours.js';
import { formatReport } from './doctor-report.js';
import { textWidth } from './verb.js';

/** Options of `doctor`. */
export interface DoctorOptions {
  readonly json: boolean;
  readonly all: boolean;
  /** A virtual address in canonical text form; undefined: this host is a director. */
  readonly realServer: string | undefined;
  /** Undefined: guessed. */
  readonly forwarding: RealServerForwarding | undefined;
  /** Ports from 1 to 65535. */
  readonly port: readonly number[];
  readonly protocol: ListenerProtocol;
  readonly tunType: TunnelType;
  /** From 1 to 65535. */
  readonly tunPort: number;
  readonly director: string | undefined;
}

/**
 * Examines this host and reports the findings.
 * @returns the exit status.
 * @throws {IpvsError} where facts can't be read.
 */
export async function examineHost(io: Io, options: DoctorOptions): Promise<number> {
  const { report, headline, realServer } = await reportOn(io, options);
  if (options.json) {
    await writeAll(io.stdout, [formatJson(reportJson(report, realServer)), '\n']);
  } else {
    const style = { colour: colours(io), width: textWidth(io), all: options.all };
    await writeAll(io.stdout, [formatReport(report, headline, style)]);
  }
  return exitStatus[report.result];
}

interface Examination {
  readonly report: Report;
  readonly headline: string;
  readonly realServer: RealServerFacts | undefined;
}

async function reportOn({ machine }: Io, options: DoctorOptions): Promise<Examination> {
  const vip = options.realServer;
  if (vip === undefined) {
    const facts = await directorFacts(machine);
    // Without IPVS the other checks have nothing to examine.
    const checks = facts.hasIpvs ? directorChecks : directorChecks.slice(0, 1);
    const servers = facts.services.reduce((sum, entry) => sum + entry.servers.length, 0);
    const headline = `Director: ${counted(facts.services.length, 'service')}, ${counted(servers, 'server')}`;
    return { report: examine(checks, facts), headline, realServer: undefined };
  }
  const realServer = await realServerFacts(machine, {
    vip,
    forwarding: options.forwarding,
    ports: options.port,
    protocol: options.protocol,
    tunnel: options.tunType,
    tunnelPort: options.tunPort,
    director: options.director,
  });
  const guessed = options.forwarding === undefined ? ' (guessed; --forwarding overrides it)' : '';
  const headline = `Real server for ${vip} by ${realServer.forwarding}${guessed}`;
  return { report: examine(realServerChecks, realServer), headline, realServer };
}
