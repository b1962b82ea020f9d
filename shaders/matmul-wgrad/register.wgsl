// matmul-wgrad/register: dw(K,N) = x(M,K)ᵀ · dy(M,N), row-major f32; K and N multiples of 4, any M.
// Each invocation computes four rows of COLS vec4 columns, in registers: per four m it loads four vec4 of x and 4·COLS of dy
// (see matmul-forward/register). Rows beyond M count as 0.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // (R, M, K/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>; // (R, K, N/4)

const M = 8u;
const N = 8u;
const K = 8u;
const COLS = 2u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;

@compute @workgroup_size(4, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let column = (group.x * 4u + local.x) * COLS;
  let vec = group.y * 4u + local.y;
  let xColumn = group.z * (X_STRIDE / 4u) + min(vec, K4 - 1u);
  let dyBase = group.z * (DY_STRIDE / 4u);

  // Row j of column c at 4·c + j.
  var acc: array<vec4f, 4u * COLS>;
  for (var m = 0u; m < M; m += 4u) {
    let m1 = min(m + 1u, M - 1u);
    let m2 = min(m + 2u, M - 1u);
    let m3 = min(m + 3u, M - 1u);
    let xTile = transpose(
      mat4x4f(x[xColumn + m * K4], x[xColumn + m1 * K4], x[xColumn + m2 * K4], x[xColumn + m3 * K4]),
    );
    //#unroll
    for (var c = 0u; c < COLS; c++) {
      let i = dyBase + min(column + c, N4 - 1u);
      let dyTile = mat4x4f(
        dy[i + m * N4],
        select(vec4f(), dy[i + m1 * N4], m + 1u < M),
        select(vec4f(), dy[i + m2 * N4], m + 2u < M),
        select(vec4f(), dy[i + m3 * N4], m + 3u < M),
      );
      acc[4u * c + 0u] += dyTile * xTile[0];
      acc[4u * c + 1u] += dyTile * xTile[1];
      acc[4u * c + 2u] += dyTile * xTile[2];
      acc[4u * c + 3u] += dyTile * xTile[3];
    }
  }

  if (vec < K4) {
    //#unroll
    for (var c = 0u; c < COLS; c++) {
      if (column + c < N4) {
        let i = group.z * (DW_STRIDE / 4u) + vec * 4u * N4 + column + c;
        dw[i] = acc[4u * c + 0u];
        dw[i + N4] = acc[4u * c + 1u];
        dw[i + 2u * N4] = acc[4u * c + 2u];
        dw[i + 3u * N4] = acc[4u * c + 3u];
      }
    }
  }
}
