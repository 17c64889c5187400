/** "17.12" of "17.12 (Debian 17.12-0+deb13u1)", as the setting server_version has it. */
export function serverVersion(setting: string): string {
  return setting.split(' ', 1)[0] ?? setting;
}
