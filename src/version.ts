/** Version of this package; the same as in package.json. */
export const version = '0.1.0';

/** Day of the release, as `ipvsadm -v` prints it. */
export const releaseDate = '2026/11/21';
