// matmul-dgrad/register: dx(M,K) = dy(M,N) · w(K,N)ᵀ, row-major f32; K and N multiples of 4, any M.
// Each invocation computes ROWS rows of one vec4 column of dx, in registers: per four n it loads ROWS vec4 of dy and four
// rows of w (see matmul-forward/register).
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, M, K/4)

const M = 8u;
const N = 8u;
const K = 8u;
const ROWS = 2u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;

@compute @workgroup_size(4, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let column = group.x * 4u + local.x;
  let row = (group.y * 4u + local.y) * ROWS;
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wRow = group.z * (W_STRIDE / 4u) + min(column, K4 - 1u) * 4u * N4;

  var acc: array<vec4f, ROWS>;
  for (var n = 0u; n < N4; n++) {
    let i = wRow + n;
    let wTile = mat4x4f(w[i], w[i + N4], w[i + 2u * N4], w[i + 3u * N4]);
    //#unroll
    for (var r = 0u; r < ROWS; r++) {
      acc[r] += dy[dyBase + min(row + r, M - 1u) * N4 + n] * wTile;
    }
  }

  if (column < K4) {
    let dxBase = group.z * (DX_STRIDE / 4u) + column;
    //#unroll
    for (var r = 0u; r < ROWS; r++) {
      if (row + r < M) {
        dx[dxBase + (row + r) * K4] = acc[r];
      }
    }
  }
}
