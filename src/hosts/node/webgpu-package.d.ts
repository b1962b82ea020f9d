/** The npm package `webgpu` (Dawn for Node), declared here since it is an optional dependency: it may be missing. */
declare module 'webgpu' {
  /** Options such as `backend=vulkan`, `adapter=NAME`, `enable-dawn-features=a,b`. Throws where they match no adapter. */
  export function create(options: readonly string[]): GPU;
  /** GPUBufferUsage, GPUMapMode and the other names that a browser has as globals. */
  export const globals: Readonly<Record<string, unknown>>;
}
