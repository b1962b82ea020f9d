import { installedBrowsers, namedBrowser } from '../src/hosts/chrome/candidates.ts';
import { firefox } from '../src/hosts/firefox/launch.ts';

/** Why nothing can be tested in Firefox here; undefined where it can. `npm test` installs Firefox where it may. */
export const firefoxRefusal = (): string | undefined =>
  (namedBrowser(firefox) ?? installedBrowsers(firefox)[0]) === undefined
    ? `there is no Firefox: ${firefox.advice}`
    : undefined;
