import type { InlineConfig } from 'vite';
import { FileWriteError } from '../data/files/file-write-error.ts';

/**
 * Vite's build of what users get, whatever NODE_ENV this process has: with another one dependencies bring their checks for developers.
 * @throws FileWriteError where a file cannot be written, such as on a full disk
 */
export async function productionBuild(config: InlineConfig): Promise<void> {
  const { build } = await import('vite');
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build({ configFile: false, envDir: false, publicDir: false, logLevel: 'silent', ...config });
  } catch (error) {
    throw writeError((error as Error).message) ?? error;
  } finally {
    // What this process starts would inherit it.
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

/** The bundler takes a file that it cannot write for a mistake of its own, and says so over many lines. */
function writeError(message: string): FileWriteError | undefined {
  const found =
    /^(?:Failed to write file in|Could not create .*?:) (.+)\n+Caused by:\n\s*(.+) \(os error/m.exec(message);
  return found === null ? undefined : new FileWriteError(found[1]!, new Error(found[2]!));
}
