/**
 * The provisioning file: a C2SP signed note whose text is the JSON document of `provisioning-schema.ts`, signed by the
 * organisation's key under the name of its domain. It may travel openly; the one-time codes go to each person another way.
 */
export const provisioningFile = 'provisioning.note';
export const maximumProvisioningBytes = 4 * 1024 * 1024;
