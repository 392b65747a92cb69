import { constants } from 'node:os';
import { DecodeError, UnavailableError } from '../errors.js';
import { controllerAttributes, controllerFamily, ipvsFamilyName } from '../wire/tables.js';
import type { Channel } from './channel.js';

const { ENOENT, ENOPROTOOPT } = constants.errno;

/**
 * Asks the kernel for the number that it has given to the family of IPVS: another one each time that IPVS is loaded.
 * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT) or does not let us (EPERM).
 * @throws {TransportError} when replies were lost.
 * @throws {DecodeError} when the reply is no valid message.
 */
export async function findFamily(channel: Channel): Promise<number> {
  let family: number | undefined;
  const { errno } = await channel.query(
    {
      family: controllerFamily.type,
      version: controllerFamily.version,
      command: controllerFamily.getFamily,
      attributes: controllerAttributes,
      values: { familyName: ipvsFamilyName },
    },
    false,
    ({ view, offset, length }) => {
      family = controllerAttributes.decode(view, offset, length, 'reply to getFamily').familyId;
    },
  );
  if (errno === ENOENT) throw new UnavailableError(ENOPROTOOPT);
  if (errno !== 0) throw new UnavailableError(errno);
  if (family === undefined) throw new DecodeError("CTRL_ATTR_FAMILY_ID: missing in the kernel's reply");
  return family;
}
