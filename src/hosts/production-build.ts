import type { InlineConfig } from 'vite';

/** Vite's build of what users get, whatever NODE_ENV this process has: with another one dependencies bring their checks for developers. */
export async function productionBuild(config: InlineConfig): Promise<void> {
  const { build } = await import('vite');
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build({ configFile: false, envDir: false, publicDir: false, logLevel: 'error', ...config });
  } finally {
    // What this process starts would inherit it.
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}
