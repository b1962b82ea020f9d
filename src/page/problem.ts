// What can go wrong, in the page's own words, and what the reader can do about it.

export interface Problem {
  readonly title: string;
  readonly text: string;
  readonly advice: readonly string[];
  /** The error as it was reported, where there was one. */
  readonly details?: string;
}

/** Why this page cannot train here; undefined where it can. */
export async function webGpuProblem(): Promise<Problem | undefined> {
  if (!window.isSecureContext) {
    return {
      title: 'WebGPU needs a secure address',
      text: `Browsers offer WebGPU only to pages from https:// or from this computer itself; this one came from ${location.origin}.`,
      advice: ['Start wgrad on this computer with npm start, and open the address that it prints.'],
    };
  }
  // Typed as always there, but older browsers lack it.
  const gpu = navigator.gpu as GPU | undefined;
  if (gpu === undefined) {
    return {
      title: 'This browser has no WebGPU',
      text: 'The net is trained by WebGPU compute shaders, and this browser does not offer WebGPU.',
      advice: [
        'Use a current version of Chrome, Edge, Firefox or Safari.',
        'Chrome on Linux may need chrome://flags/#enable-unsafe-webgpu switched on.',
        'Firefox has it where about:config says dom.webgpu.enabled = true.',
      ],
    };
  }
  let details = '';
  try {
    if ((await gpu.requestAdapter({ powerPreference: 'high-performance' })) !== null) return undefined;
  } catch (error) {
    details = String(error);
  }
  return {
    title: 'WebGPU finds no graphics adapter',
    text: 'This browser has WebGPU, but nothing that it may compute on.',
    advice: [
      'Switch on graphics acceleration in the browser’s settings, under System, and restart the browser.',
      'Update the graphics driver. In Chrome and Edge, chrome://gpu tells what is blocked, and why.',
      'Without a GPU, Chrome started with --enable-unsafe-swiftshader computes on the CPU.',
    ],
    ...(details !== '' && { details }),
  };
}

/** A run that failed. `message`: the worker's. */
export function runProblem(message: string): Problem {
  return {
    title: 'The training failed',
    text: 'The engine stopped with this error:',
    advice: [hint(message), 'Press Train to begin again.'],
    details: message,
  };
}

function hint(message: string): string {
  if (/HTTP \d|fetch|network|ended after|more than the/i.test(message))
    return 'The data did not arrive: see that npm start is still running, and what it says in its terminal.';
  if (/device was lost/i.test(message))
    return 'The GPU was taken away: close what else uses it. If it happens again, restart the browser.';
  if (/out of GPU memory|does not fit|maxBufferSize/i.test(message))
    return 'The training needs about 200 MB of GPU memory: close other tabs and programs that use the GPU.';
  if (/not finite/i.test(message))
    return 'The loss grew beyond all bounds: a lower learning rate prevents it.';
  if (/did not load/i.test(message))
    return 'A part of the page did not arrive: see that npm start is still running, and reload.';
  return 'Reload the page. If it happens again, update the browser and the graphics driver.';
}
