// `npm run rooms`: writes the table of rooms into CONTRIBUTING.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { withRooms } from './rooms.mjs';

const file = new URL('../CONTRIBUTING.md', import.meta.url);
writeFileSync(file, withRooms(readFileSync(file, 'utf8')));
